"""Files that are linked or copied."""

import os
from pathlib import Path

import pytest

from quantgate.foundation.copies import LINKED_BYTES, copy_file, link_or_copy, set_plain_mode

OTHER_FILE_SYSTEM = Path("/dev/shm")


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(b"start")
    os.truncate(path, LINKED_BYTES)
    return path


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_large_file_has_two_names_and_is_read_only(large: Path, tmp_path: Path) -> None:
    link_or_copy(large, tmp_path / "second")
    assert (tmp_path / "second").samefile(large)
    assert mode_of(large) == 0o444


def test_a_small_file_is_copied_and_stays_writable(tmp_path: Path) -> None:
    small, second = tmp_path / "small", tmp_path / "second"
    small.write_bytes(b"content")
    link_or_copy(small, second)
    second.write_bytes(b"changed")
    assert small.read_bytes() == b"content"


def test_the_size_from_which_on_files_are_linked_can_be_given(tmp_path: Path) -> None:
    small, second = tmp_path / "small", tmp_path / "second"
    small.write_bytes(b"content")
    link_or_copy(small, second, least_bytes=0)
    assert second.samefile(small)


def test_a_name_is_replaced_and_its_other_names_keep_their_content(
    large: Path, tmp_path: Path
) -> None:
    old, second = tmp_path / "old", tmp_path / "second"
    old.write_bytes(b"old")
    os.link(old, second)
    link_or_copy(large, second)
    assert old.read_bytes() == b"old"
    assert second.samefile(large)


def test_a_name_of_the_file_itself_is_kept(large: Path, tmp_path: Path) -> None:
    link_or_copy(large, tmp_path / "second")
    link_or_copy(large, tmp_path / "second")
    link_or_copy(large, large)
    assert (tmp_path / "second").samefile(large)


def test_a_symbolic_link_counts_as_its_target(large: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(large)
    link_or_copy(tmp_path / "link", tmp_path / "second")
    assert not (tmp_path / "second").is_symlink()
    assert (tmp_path / "second").samefile(large)


@pytest.mark.skipif(not os.access(OTHER_FILE_SYSTEM, os.W_OK), reason="needs /dev/shm")
def test_a_file_on_another_file_system_is_copied(large: Path, tmp_path: Path) -> None:
    second = OTHER_FILE_SYSTEM / f"quantgate-{os.getpid()}"
    try:
        link_or_copy(large, second)
        assert second.stat().st_dev != large.stat().st_dev
        assert second.read_bytes() == large.read_bytes()
        assert mode_of(large) != 0o444
    finally:
        second.unlink(missing_ok=True)


def test_a_missing_file_leaves_the_target(tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.write_bytes(b"kept")
    with pytest.raises(FileNotFoundError):
        link_or_copy(tmp_path / "missing", second)
    assert second.read_bytes() == b"kept"


@pytest.mark.parametrize("source", ["/proc/self/status", "/etc/hosts"])
def test_a_copy_has_all_bytes(tmp_path: Path, source: str) -> None:
    """The kernel copies no bytes of a file in /proc, whose size is unknown."""
    copy_file(source, tmp_path / "copy")
    copied = (tmp_path / "copy").read_text().splitlines()
    assert copied[0] == Path(source).read_text().splitlines()[0]


def test_only_a_file_with_one_name_becomes_writable(tmp_path: Path) -> None:
    alone, linked = tmp_path / "alone", tmp_path / "linked"
    alone.touch(0o400)
    linked.touch(0o400)
    os.link(linked, tmp_path / "second")
    set_plain_mode(alone)
    set_plain_mode(linked)
    assert (mode_of(alone), mode_of(linked)) == (0o644, 0o444)
