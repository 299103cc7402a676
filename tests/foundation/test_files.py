"""Files and folders that appear whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from quantgate.foundation.files import (
    delete_in_one_step,
    disk_bytes,
    is_disk_full,
    is_named_pipe,
    placing_folder,
    remove_leftovers,
    replace_bytes,
    replacing,
    write_note,
)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_file_is_replaced_at_the_end_of_the_block(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")
    with replacing(path) as partial:
        partial.write_text("new")
        assert (path.read_text(), partial.suffix) == ("old", ".json")
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["run.json"]


def test_file_stays_as_it_is_if_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path, ".yaml") as partial:
        partial.write_text("half")
        assert partial.suffix == ".yaml"
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["run.json"]


def test_link_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "latest"
    link.symlink_to("first")
    with replacing(link) as fresh:
        fresh.symlink_to("second")
    assert str(link.readlink()) == "second"


@pytest.mark.parametrize("has_empty_folder", [True, False])
def test_folder_is_placed_whole(tmp_path: Path, has_empty_folder: bool) -> None:
    target = tmp_path / "version"
    if has_empty_folder:
        target.mkdir()
    with placing_folder(target) as incoming:
        (incoming / "new").write_text("content")
        assert target.exists() == has_empty_folder
    assert names_in(target) == ["new"]
    assert names_in(tmp_path) == ["version"]


def test_folder_with_files_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "version"
    with placing_folder(target) as incoming:
        (incoming / "new").touch()
        target.mkdir()
        (target / "faster").touch()
    assert names_in(target) == ["faster"]
    assert names_in(tmp_path) == ["version"]


def test_folder_is_not_placed_if_the_block_fails(tmp_path: Path) -> None:
    target = tmp_path / "version"
    with pytest.raises(ZeroDivisionError), placing_folder(target) as incoming:
        (incoming / "new").touch()
        raise ZeroDivisionError
    assert names_in(tmp_path) == []


def test_file_in_place_of_a_folder_is_reported(tmp_path: Path) -> None:
    target = tmp_path / "version"
    target.touch()
    with pytest.raises(NotADirectoryError), placing_folder(target):
        pass
    assert names_in(tmp_path) == ["version"]


def test_bytes_are_replaced(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        replace_bytes(tmp_path / "latest", content)
        assert (tmp_path / "latest").read_bytes() == content
    assert names_in(tmp_path) == ["latest"]


def test_note_that_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    write_note(tmp_path / "file" / "note", "text")
    write_note(tmp_path / "folder" / "note", "text")
    assert (tmp_path / "folder" / "note").read_text() == "text"
    assert names_in(tmp_path) == ["file", "folder"]


@pytest.mark.parametrize("is_folder", [True, False])
def test_files_and_folders_are_deleted(tmp_path: Path, is_folder: bool) -> None:
    path = tmp_path / "entry"
    (path / "outputs" if is_folder else tmp_path / "outputs").mkdir(parents=True)
    if not is_folder:
        path.touch()
    delete_in_one_step(path, tmp_path / "graves" / "1")
    assert not path.exists()
    assert names_in(tmp_path / "graves") == []


def test_full_disk_is_recognized() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError) as caught:
        full.write(b"content")
    assert is_disk_full(caught.value)
    assert is_disk_full(OSError(errno.EDQUOT, "quota"))
    assert not is_disk_full(OSError(errno.EACCES, "denied"))
    assert not is_disk_full(ValueError())


def test_named_pipes_are_distinguished_from_pipes_of_a_shell(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "file").touch()
    assert [is_named_pipe(tmp_path / name) for name in ("pipe", "link", "file", "none")] == [
        True,
        True,
        False,
        False,
    ]
    ends = os.pipe()
    assert not is_named_pipe(Path(f"/dev/fd/{ends[0]}"))
    for end in ends:
        os.close(end)


def test_a_folder_takes_the_bytes_of_each_file_once(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_bytes(b"123")
    (tmp_path / "b").write_bytes(b"4567")
    (tmp_path / "c").hardlink_to(tmp_path / "b")
    assert disk_bytes(tmp_path) == 7
    assert disk_bytes(tmp_path / "none") == 0


def test_leftovers_are_removed_and_folders_in_use_stay(tmp_path):
    for name in (".old-0123456789ab", ".latest-0123456789ab", ".git", ".notes-abc"):
        (tmp_path / name).mkdir()
    (tmp_path / ".history-0123456789ab.txt").write_text("half")
    with placing_folder(tmp_path / "new") as incoming:
        (incoming / "a").write_text("1")
        remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".git", ".notes-abc", "new"}
    assert (tmp_path / "new" / "a").read_text() == "1"
