"""Many artifacts become one folder: by content, each once, without a copy of its bytes."""

import errno
import os
from pathlib import Path

import pytest
from kfp.dsl import Artifact, Model

from quantgate.components.artifacts.collection import read_collection
from quantgate.components.collect.component import collect as component
from quantgate.components.collect.work import collect
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_tree


class Pieces:
    """Files and folders such as the tasks of a loop leave behind."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def file(self, name: str, content: bytes) -> str:
        path = self.root / name
        path.write_bytes(content)
        return str(path)

    def folder(self, name: str, **files: bytes) -> str:
        path = self.root / name
        path.mkdir()
        for file, content in files.items():
            (path / file).write_bytes(content)
        return str(path)

    def collect(self, name: str, earlier: str | None = None, **evidence: list[str]) -> str:
        path = str(self.root / name)
        collect(evidence, earlier_path=earlier, collected_path=path)
        return path


@pytest.fixture
def pieces(tmp_path: Path) -> Pieces:
    return Pieces(tmp_path)


def contents(collected: str, kind: str) -> dict[str, bytes]:
    pieces = read_collection(collected).of(kind)
    return {sha256: path.read_bytes() for sha256, path in pieces.items()}


def test_each_model_is_stored_once_by_its_hash(pieces: Pieces) -> None:
    paths = [pieces.file(name, b"same" if name != "b" else b"other") for name in "abc"]
    collected = pieces.collect("out", models=[*paths, pieces.file("failed", b"")])
    assert contents(collected, "models") == {
        sha256_of_bytes(content): content for content in (b"same", b"other")
    }
    assert contents(collected, "attestations") == {}
    assert len([path for path in Path(collected).rglob("*") if path.is_file()]) == 3


def test_folders_are_linked_not_copied(pieces: Pieces) -> None:
    measured = [pieces.folder(name, json=name.encode(), npz=b"values") for name in "ab"]
    collected = read_collection(pieces.collect("out", measurements=measured))
    folders = collected.of("measurements")
    assert {sha256_of_tree(path) for path in folders.values()} == set(folders)
    assert sorted((path / "json").read_bytes() for path in folders.values()) == [b"a", b"b"]
    files = [path for folder in folders.values() for path in folder.iterdir()]
    assert {path.stat().st_nlink for path in files} == {2}
    assert not any(path.is_symlink() for path in collected.folder.rglob("*"))


def test_an_earlier_collection_is_added(pieces: Pieces) -> None:
    first = pieces.collect(
        "first",
        models=[pieces.file("a", b"a"), pieces.file("b", b"b")],
        attestations=[pieces.file("one", b"{}")],
    )
    second = pieces.collect(
        "second", first, models=[pieces.file("again", b"b"), pieces.file("c", b"c")]
    )
    assert sorted(contents(second, "models").values()) == [b"a", b"b", b"c"]
    assert list(contents(second, "attestations").values()) == [b"{}"]
    assert sorted(contents(first, "models").values()) == [b"a", b"b"]


def test_the_order_of_the_inputs_does_not_matter(pieces: Pieces) -> None:
    paths = [pieces.file(name, name.encode()) for name in "abc"]
    one, other = pieces.collect("x", models=paths), pieces.collect("y", models=paths[::-1])
    assert sha256_of_tree(one) == sha256_of_tree(other)


def test_a_collection_of_failures_is_not_an_empty_folder(pieces: Pieces) -> None:
    """An empty folder would not come back from an object store."""
    collected = Path(pieces.collect("out", models=[pieces.file("failed", b"")]))
    assert [path.name for path in collected.iterdir()] == ["collection.json"]
    assert read_collection(collected).of("models") == {}


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="needs a second file system")
def test_files_of_another_file_system_are_copied(tmp_path: Path) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        source = Path(elsewhere) / "model"
        source.write_bytes(b"model")
        with pytest.raises(OSError) as caught:
            os.link(source, tmp_path / "link")
        assert caught.value.errno == errno.EXDEV
        out = str(tmp_path / "out")
        collect({"models": [str(source)]}, earlier_path=None, collected_path=out)
    assert list(contents(out, "models").values()) == [b"model"]


def test_a_symbolic_link_becomes_a_file(pieces: Pieces) -> None:
    link = pieces.root / "link"
    link.symlink_to(pieces.file("model", b"model"))
    (collected,) = read_collection(pieces.collect("out", models=[str(link)])).of("models").values()
    assert not collected.is_symlink()
    assert collected.read_bytes() == b"model"


def test_a_folder_that_is_not_a_collection_is_refused(pieces: Pieces) -> None:
    other = pieces.folder("other", file=b"")
    with pytest.raises(InputError) as caught:
        pieces.collect("out", other)
    assert str(caught.value) == (
        f"{other}/collection.json is not a Collection record: No such file or directory"
    )


def test_the_component_calls_the_work(pieces: Pieces) -> None:
    def artifact(path: str) -> Artifact:
        return Artifact(name=Path(path).name, uri=path)

    first, second = (artifact(str(pieces.root / name)) for name in ("first", "second"))
    model = Model(name="m", uri=pieces.file("m", b"m"))
    component.python_func(collected=first, models=[model])
    component.python_func(
        collected=second,
        attestations=[artifact(pieces.file("a", b"a"))],
        measurements=[artifact(pieces.folder("e", json=b"e"))],
        targets=[artifact(pieces.folder("t", json=b"t"))],
        earlier=first,
    )
    collection = read_collection(second.path)
    assert {kind: len(collection.of(kind)) for kind in collection.pieces} == {
        "models": 1,
        "attestations": 1,
        "measurements": 1,
        "targets": 1,
    }
