"""Hashes of files and folders, and the rereading of large files."""

import os
import time
from pathlib import Path

from quantgate.local_runner.cache.digests import Digests

LARGE = 2 << 20


def settled(path: Path, content: bytes) -> None:
    """Write a file, and wait until its time of change is reliable."""
    path.write_bytes(content)
    time.sleep(2.1)


def test_folder_hash_covers_names_bytes_and_empty_folders(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        (folder / "in").mkdir(parents=True)
        (folder / "in" / "file").write_text("content")
    digests = Digests()
    assert digests.of(one) == digests.of(two)
    (two / "empty").mkdir()
    assert digests.of(one) != digests.of(two)
    (one / "empty").mkdir()
    assert digests.of(one) == digests.of(two)
    (two / "in" / "file").rename(two / "in" / "other")
    assert digests.of(one) != digests.of(two)
    assert digests.of(tmp_path / "nothing") == "absent"


def test_links_to_folders_are_followed_once(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (real / "file").write_text("1")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "linked").symlink_to(real, target_is_directory=True)
    (folder / "circle").symlink_to(folder, target_is_directory=True)
    before = Digests().of(folder)
    (real / "file").write_text("2")
    assert Digests().of(folder) != before


def test_unchanged_large_file_is_not_read_again(tmp_path):
    path = tmp_path / "large ünïcode"
    settled(path, b"a" * LARGE)
    digest = Digests(tmp_path / "known").of(path)
    (note,) = (tmp_path / "known").iterdir()
    note.write_text(note.read_text().replace(digest, "remembered"))
    assert Digests(tmp_path / "known").of(path) == "remembered"
    assert Digests().of(path) == digest


def test_damaged_note_is_ignored(tmp_path):
    path, known = tmp_path / "large", tmp_path / "known"
    settled(path, b"a" * LARGE)
    expected = Digests(known).of(path)
    (note,) = known.iterdir()
    for broken in ("", "{}", "[1]", '["x", "y"]', "null", "[[], 1]"):
        note.write_text(broken)
        assert Digests(known).of(path) == expected


def test_change_with_the_same_size_and_time_is_noticed(tmp_path):
    path, known = tmp_path / "large", tmp_path / "known"
    settled(path, b"a" * LARGE)
    before, times = Digests(known).of(path), path.stat()
    path.write_bytes(b"b" * LARGE)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert Digests(known).of(path) != before


def test_recently_written_file_is_not_remembered(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b"a" * LARGE)
    Digests(tmp_path / "known").of(path)
    assert not (tmp_path / "known").exists()
