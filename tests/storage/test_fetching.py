"""Objects in a bucket are fetched, compared with their checksums, and kept by content."""

import json
import os

import pytest

from quantgate.errors import StorageError
from quantgate.foundation.storage.gcs import Gcs
from quantgate.local_runner.storage.download_process import fetched

# Google's client does not close the connections of refused requests.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def fetch(tmp_path, bucket):
    """Fetch a URI into the store as a run does."""

    def run(uri, **settings):
        return fetched(uri, Gcs(patience_s=5), tmp_path / "store", **settings)

    return run


def media(bucket):
    """Return the names of the objects whose content was requested."""
    return [name for name, is_media in bucket.asked if is_media]


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refusal(fetch, uri, **settings):
    with pytest.raises(StorageError) as caught:
        fetch(uri, **settings)
    return str(caught.value)


def test_folder_is_fetched_with_all_files_below_it(bucket, fetch):
    files = {"saved_model.pb": b"graph" * 999, "variables/variables.index": b"", "ümläut b": b"x"}
    for name, content in files.items():
        bucket.put(f"models/fashion/{name}", content)
    bucket.put("models/fashion/assets/", b"")
    bucket.put("models/fashion2/saved_model.pb", b"another")
    path = fetch("gs://bucket/models/fashion")
    assert path.name == "fashion"
    assert contents(path) == files
    assert fetch("gs://bucket/models/fashion/") == path


def test_file_keeps_its_name(bucket, fetch):
    bucket.put("data/train.npz", b"samples")
    bucket.put("data/train.npz.md5", b"another")
    path = fetch("gs://bucket/data/train.npz")
    assert (path.name, path.read_bytes()) == ("train.npz", b"samples")


def test_whole_bucket_is_fetched(bucket, fetch):
    bucket.put("a/b", b"1")
    bucket.put("c", b"2")
    assert contents(fetch("gs://bucket")) == {"a/b": b"1", "c": b"2"}


def test_same_content_is_fetched_once(bucket, fetch):
    bucket.put("train.npz", b"samples")
    path = fetch("gs://bucket/train.npz")
    bucket.put("train.npz", b"samples")
    bucket.put("elsewhere/train.npz", b"samples")
    bucket.asked.clear()
    assert fetch("gs://bucket/train.npz") == path
    assert fetch("gs://bucket/elsewhere/train.npz") == path
    assert media(bucket) == []


def test_different_content_is_stored_separately(bucket, fetch):
    bucket.put("train.npz", b"samples")
    path = fetch("gs://bucket/train.npz")
    bucket.put("train.npz", b"SAMPLES")
    other = fetch("gs://bucket/train.npz")
    assert (path.read_bytes(), other.read_bytes()) == (b"samples", b"SAMPLES")


def test_interrupted_download_is_resumed(bucket, fetch):
    bucket.put("data/a", b"first" * 5000)
    bucket.put("data/b", b"second" * 5000)
    path = fetch("gs://bucket/data")
    (path.parents[1] / "fetched.json").unlink()
    with (path / "b").open("r+b") as stream:
        stream.truncate(10_000)
    bucket.asked.clear()
    assert contents(fetch("gs://bucket/data")) == {"a": b"first" * 5000, "b": b"second" * 5000}
    assert media(bucket) == ["data/b"]
    assert bucket.ranges == ["bytes=10000-"]


@pytest.mark.parametrize("damage", [b"SECOND", b"second!", b"sec"])
def test_damaged_download_is_fetched_again(bucket, fetch, damage, capfd):
    bucket.put("data/a", b"first")
    bucket.put("data/b", b"second")
    path = fetch("gs://bucket/data")
    (path / "b").write_bytes(damage)
    assert contents(fetch("gs://bucket/data")) == {"a": b"first", "b": b"second"}
    said = "the earlier download of gs://bucket/data is damaged and is fetched again"
    assert f"[local runner] {said}\n" in capfd.readouterr().err


def test_dry_run_fetches_nothing(bucket, fetch, tmp_path):
    bucket.put("data/a", b"first")
    bucket.put("data/b", b"second")
    message = refusal(fetch, "gs://bucket/data", may_fetch=False)
    assert message == "gs://bucket/data would be fetched: 2 files, 11 bytes"
    assert not (tmp_path / "store").exists()
    path = fetch("gs://bucket/data")
    assert fetch("gs://bucket/data", may_fetch=False) == path


@pytest.mark.parametrize(
    ("names", "culprit"),
    [(["a", "a/b"], "data/a/b"), (["../a"], "data/../a"), (["a//b"], "data/a//b")],
)
def test_names_that_no_file_can_have_are_refused(bucket, fetch, names, culprit):
    for name in names:
        bucket.put(f"data/{name}", b"x")
    assert refusal(fetch, "gs://bucket/data") == (
        f"cannot fetch gs://bucket/data: `{culprit}` cannot be a file beside the others. Rename it"
    )


def test_objects_with_gzip_encoding_are_refused(bucket, fetch):
    bucket.put("a.csv", b"\x1f\x8b", encoding="gzip")
    assert refusal(fetch, "gs://bucket/a.csv") == (
        "cannot fetch gs://bucket/a.csv: `a.csv` is stored with `Content-Encoding: gzip`, so "
        "readers get other bytes than its checksum covers. Store it without that encoding"
    )


@pytest.mark.parametrize("uri", ["gs://bucket/none", "gs://bucket/a/", "gs://bucket"])
def test_missing_objects_are_reported(bucket, fetch, uri):
    message = f"cannot fetch {uri}: there is nothing there. Check its name"
    assert refusal(fetch, uri) == message


def test_missing_bucket_is_reported(fetch):
    assert refusal(fetch, "gs://missing/a") == (
        "cannot fetch gs://missing/a: there is no such bucket. Check its name"
    )


def test_missing_credentials_are_reported(bucket, fetch, monkeypatch, tmp_path):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"type": "none"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    message = refusal(fetch, "gs://bucket/a")
    assert message.startswith(
        "cannot fetch gs://bucket/a: there are no credentials. Set GOOGLE_APPLICATION_CREDENTIALS, "
        "or run `gcloud auth application-default login` ("
    )
    assert os.environ["GOOGLE_APPLICATION_CREDENTIALS"] in message
