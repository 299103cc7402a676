"""A fingerprint is of content, and of nothing else."""

from pathlib import Path

import pytest
from kfp.dsl import Artifact

from quantgate.components.fingerprint.component import fingerprint as component
from quantgate.components.fingerprint.work import fingerprint
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes


def test_a_file_has_the_hash_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(b"one")
    assert fingerprint(str(path)) == sha256_of_bytes(b"one")
    path.write_bytes(b"two")
    artifact = Artifact(name="source", uri=str(path))
    assert component.python_func(artifact=artifact) == sha256_of_bytes(b"two")


def test_a_folder_has_the_hash_of_its_names_and_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "same", "renamed", "other")]
    files = [("a/b", b"1"), ("a/b", b"1"), ("a/c", b"1"), ("a/b", b"2")]
    for folder, (name, content) in zip(folders, files, strict=True):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(content)
    one, same, *others = (fingerprint(str(folder)) for folder in folders)
    assert one == same
    assert len({one, *others}) == 3


def test_an_empty_folder_counts_as_a_class_of_images(tmp_path: Path) -> None:
    (tmp_path / "ant").mkdir()
    (tmp_path / "ant" / "a.png").write_bytes(b"1")
    prints = {fingerprint(str(tmp_path))}
    for name in ("bee", "cat"):
        (tmp_path / name).mkdir()
        prints.add(fingerprint(str(tmp_path)))
    assert len(prints) == 3


def test_a_missing_artifact_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        fingerprint(str(tmp_path / "gone"))
    assert str(caught.value) == (
        f"nothing exists at {tmp_path / 'gone'}. Check the URI that was imported"
    )
