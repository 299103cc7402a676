"""Storage through fsspec, with its file system in memory, and publishing in a folder."""

import threading
from concurrent.futures import ThreadPoolExecutor

import fsspec
import pytest

from quantgate.components.promote.folder_shelf import FolderShelf
from quantgate.components.promote.fsspec_shelf import FsspecShelf
from quantgate.components.promote.shelf import Overtaken
from quantgate.components.promote.work import promote, roll_back
from quantgate.errors import InputError, StorageError
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.foundation.storage.fsspec import FsspecStorage
from quantgate.local_runner.storage.download_process import fetched


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def test_files_and_folders_are_fetched(memory, tmp_path):
    memory.pipe({"/bucket/data/a": b"1", "/bucket/data/sub/b": b"2"})
    path = fetched("memory://bucket/data", FsspecStorage(), tmp_path)
    assert ((path / "a").read_bytes(), (path / "sub" / "b").read_bytes()) == (b"1", b"2")
    assert fetched("memory://bucket/data", FsspecStorage(), tmp_path, may_fetch=False) == path
    lone = fetched("memory://bucket/data/a", FsspecStorage(), tmp_path)
    assert (lone.name, lone.read_bytes()) == ("a", b"1")


@pytest.mark.parametrize("damage", [b"SECOND", b"sec", None])
def test_damaged_download_without_checksums_is_fetched_again(memory, tmp_path, damage, capfd):
    memory.pipe({"/bucket/data/a": b"first", "/bucket/data/sub/b": b"second"})
    path = fetched("memory://bucket/data", FsspecStorage(), tmp_path)
    damaged = path / "sub" / "b"
    damaged.unlink() if damage is None else damaged.write_bytes(damage)
    with pytest.raises(StorageError, match="would be fetched"):
        fetched("memory://bucket/data", FsspecStorage(), tmp_path, may_fetch=False)
    assert fetched("memory://bucket/data", FsspecStorage(), tmp_path) == path
    assert [(path / name).read_bytes() for name in ("a", "sub/b")] == [b"first", b"second"]
    said = "the earlier download of memory://bucket/data is damaged and is fetched again"
    assert capfd.readouterr().err.count(said) == 1


def test_damaged_record_of_a_download_is_written_again(memory, tmp_path):
    memory.pipe("/bucket/a", b"content")
    path = fetched("memory://bucket/a", FsspecStorage(), tmp_path)
    for text in ("{", "[]", "{}", '{"sha256": 3}', '{"sha256": {"a": "0"}}'):
        (path.parents[1] / "fetched.json").write_text(text)
        assert fetched("memory://bucket/a", FsspecStorage(), tmp_path).read_bytes() == b"content"
        assert "sha256" in (path.parents[1] / "fetched.json").read_text()


def test_file_replaced_while_fetching_is_reported(memory, tmp_path):
    memory.pipe("/bucket/a", b"old")
    storage = FsspecStorage()
    listing = storage.listing("memory://bucket/a")
    memory.pipe("/bucket/a", b"new")
    with pytest.raises(StorageError) as caught:
        storage.fetch("memory://bucket/a", list(listing.files), tmp_path)
    assert str(caught.value) == (
        "cannot fetch memory://bucket/a: `/bucket/a` was replaced while it was fetched. Run again"
    )
    assert list(tmp_path.iterdir()) == []


def test_missing_files_are_reported(memory, tmp_path):
    with pytest.raises(StorageError) as caught:
        fetched("memory://bucket/none", FsspecStorage(), tmp_path)
    assert str(caught.value) == (
        "cannot fetch memory://bucket/none: there is nothing there. Check its name"
    )


def test_versions_are_published_and_rolled_back(memory, decided, check_fleet):
    def read(name):
        path = f"/bucket/fleet/{name}"
        return memory.cat_file(path) if memory.exists(path) else None

    for content in (b"one", b"two", b"two"):
        promote(to="memory://bucket/fleet", **decided(content))
    newest, before = roll_back("memory://bucket/fleet")
    assert newest == sha256_of_bytes(b"two")[:16]
    assert check_fleet(read, {before}) == before


def test_unknown_protocol_is_reported(decided):
    with pytest.raises(StorageError) as caught:
        promote(to="nowhere://bucket", **decided())
    assert str(caught.value) == (
        "cannot publish in nowhere://bucket: Protocol not known: nowhere. `nowhere://` needs "
        "fsspec and the package it asks for, `pip install 'quantgate[s3]'` for S3"
    )


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_concurrent_write_is_not_replaced(memory, tmp_path, kind):
    shelf = FolderShelf(str(tmp_path)) if kind == "folder" else FsspecShelf("memory://bucket")
    shelf.write("latest", b"mine", None)
    read = shelf.read("latest")
    shelf.write("latest", b"theirs", read)
    for instead_of in (read, None):
        with pytest.raises(Overtaken):
            shelf.write("latest", b"mine again", instead_of)
    assert shelf.read("latest").content == b"theirs"


def test_one_of_many_concurrent_writes_wins(tmp_path):
    shelf = FolderShelf(str(tmp_path))
    barrier = threading.Barrier(8)

    def write(number):
        barrier.wait(20)
        try:
            shelf.write("latest", f"{number}".encode(), None)
        except Overtaken:
            return None
        return number

    with ThreadPoolExecutor(8) as threads:
        won = [number for number in threads.map(write, range(8)) if number is not None]
    assert [str(number) for number in won] == [(tmp_path / "latest").read_text()]


def test_publication_folder_is_rolled_back(decided, tmp_path, check_fleet):
    to = str(tmp_path / "fleet")

    def read(name):
        place = tmp_path / "fleet" / name
        return place.read_bytes() if place.is_file() else None

    for content in (b"one", b"two"):
        promote(to=to, **decided(content))
    newest, before = roll_back(to)
    assert check_fleet(read, {before}) == before
    promote(to=to, **decided(b"two"))
    assert roll_back(to) == (newest, before)


def test_missing_folder_cannot_be_rolled_back(tmp_path):
    with pytest.raises(InputError) as caught:
        roll_back(str(tmp_path / "none"))
    assert (
        str(caught.value) == f"{tmp_path / 'none'} is not a folder, so nothing was published in it"
    )
    assert not (tmp_path / "none").exists()
