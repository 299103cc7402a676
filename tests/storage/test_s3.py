"""`s3://` with a server on loopback: sources, promotion, rollback, decisions, failures."""

import errno
from pathlib import Path

import pytest
import s3fs
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input

from quantgate.components.promote.fsspec_shelf import FsspecShelf
from quantgate.components.promote.shelf import Overtaken
from quantgate.components.promote.work import promote, roll_back
from quantgate.errors import ClusterError, StorageError
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.foundation.storage.fsspec import FsspecStorage
from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.local_runner.storage.download_process import fetched
from quantgate.records.decision import Decision
from quantgate.runs.cluster_results import fetch_results

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
LARGE = bytes(range(256)) * 4096


def s3_server():
    """Return the module `s3_server.py` in this folder, whose import takes seconds."""
    import s3_server

    return s3_server


@pytest.fixture
def environment(monkeypatch):
    """The environment, which the tested code reads again after every change."""
    s3fs.S3FileSystem.clear_instance_cache()
    yield monkeypatch
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def data(s3):
    s3.pipe({"bucket/data/a": LARGE, "bucket/data/sub/b": b"small"})
    return "s3://bucket/data"


@pytest.fixture
def fetch(tmp_path):
    return lambda uri: fetched(uri, FsspecStorage(), tmp_path)


def denied():
    return s3_server().answer("403 Forbidden", "AccessDenied")


def test_files_and_folders_are_fetched(data, fetch, door):
    folder = fetch(data)
    assert (folder / "a").read_bytes() == LARGE
    assert (folder / "sub" / "b").read_bytes() == b"small"
    lone = fetch(f"{data}/sub/b")
    assert (lone.name, lone.read_bytes()) == ("b", b"small")
    assert fetch("minio://bucket/data/sub/b").read_bytes() == b"small"
    door.asked.clear()
    assert fetch(data) == folder
    assert ("GET", "/bucket/data/a") not in door.asked


def test_temporary_failures_are_retried(data, fetch, door):
    door.faults.append(("GET", "/data/a", s3_server().answer("503 Slow Down", "SlowDown")))
    door.faults.append(("GET", "/data/sub/b", s3_server().cut))
    folder = fetch(data)
    assert (folder / "a").read_bytes() == LARGE
    assert (folder / "sub" / "b").read_bytes() == b"small"
    assert not door.faults


def test_permanent_failure_of_storage_is_reported(data, fetch, door):
    door.always.append(("GET", "/data/a", s3_server().answer("500 Error", "InternalError")))
    with pytest.raises(StorageError) as caught:
        fetch(data)
    assert str(caught.value).startswith(
        "cannot fetch s3://bucket/data: storage cannot be reached, or failed at every attempt "
        "(OSError: "
    )


def test_unreachable_endpoint_is_reported(data, fetch, environment):
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match=r"EndpointConnectionError: .*\. Check its endpoint and"):
        fetch(data)


def test_missing_credentials_are_reported(data, fetch, decided, environment, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        environment.delenv(name)
    environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
    environment.setenv("HOME", str(tmp_path))
    with pytest.raises(StorageError, match="NoCredentialsError: Unable to locate credentials"):
        fetch(data)
    with pytest.raises(StorageError, match="NoCredentialsError: Unable to locate credentials"):
        promote(to="s3://bucket/fleet", **decided())


@pytest.mark.parametrize(("method", "uri"), [("GET", ""), ("HEAD", "/a")])
def test_missing_permission_is_reported(data, fetch, door, method, uri):
    door.always.append((method, "/data/a", denied()))
    with pytest.raises(StorageError, match=r"permission denied \(.*\). Check your rights, and"):
        fetch(data + uri)


@pytest.mark.parametrize("uri", ["s3://bucket/none", "s3://nobody-s/data"])
def test_missing_files_are_reported(s3, fetch, uri):
    with pytest.raises(StorageError, match=r"there is nothing .*\. Check its name"):
        fetch(uri)


def test_file_replaced_while_fetching_is_reported(s3, data, tmp_path):
    storage = FsspecStorage()
    listing = storage.listing(data)
    s3.pipe("bucket/data/a", LARGE[::-1])
    with pytest.raises(StorageError, match="`bucket/data/a` was replaced while it was fetched"):
        storage.fetch(data, list(listing.files), tmp_path)
    assert not (tmp_path / "a").exists()


def test_full_disk_is_not_reported_as_a_failure_of_storage(data, tmp_path):
    storage = FsspecStorage()
    (tmp_path / "a").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as caught:
        storage.fetch(data, list(storage.listing(data).files), tmp_path)
    assert caught.value.errno == errno.ENOSPC


@dsl.component(base_image="image:1", install_kfp_package=False)
def size(source: Input[Dataset]) -> int:
    import os

    return os.path.getsize(source.path)  # noqa: PTH202


@dsl.pipeline(name="sized")
def pipeline(place: str) -> int:
    source = dsl.importer(artifact_uri=place, artifact_class=Dataset)
    return size(source=source.output).output


def test_run_depends_on_the_content_of_the_bucket(s3, data, tmp_path):
    compiler.Compiler().compile(pipeline, str(tmp_path / "pipeline.yaml"))

    def run():
        return run_pipeline(
            read_pipeline(tmp_path / "pipeline.yaml"),
            {"place": f"{data}/a"},
            tmp_path / "out",
            tmp_path / "logs",
            cache=tmp_path / "cache",
        )

    first, again = run(), run()
    assert first.outputs == again.outputs == {"Output": len(LARGE)}
    assert [task.cached for task in again.tasks if task.name == "size"] == [True]
    s3.pipe("bucket/data/a", b"other")
    assert run().outputs == {"Output": 5}


def test_versions_are_published_and_rolled_back(s3, decided, check_fleet, door):
    def read(name):
        path = f"bucket/fleet/{name}"
        return s3.cat_file(path) if s3.exists(path) else None

    for content in (b"one", b"two"):
        promote(to="s3://bucket/fleet", **decided(content))
    door.asked.clear()
    promote(to="s3://bucket/fleet", **decided(b"two"))
    assert {method for method, _ in door.asked} <= {"GET", "HEAD"}
    newest, before = roll_back("s3://bucket/fleet")
    assert newest == sha256_of_bytes(b"two")[:16]
    assert check_fleet(read, {before}) == before


@pytest.mark.parametrize(
    ("method", "part"), [("PUT", "model.tflite"), ("PUT", "latest"), ("GET", "latest")]
)
def test_temporary_failures_of_a_promotion_are_retried(
    s3, decided, check_fleet, door, method, part
):
    door.faults.append((method, part, s3_server().answer("503 Slow Down", "SlowDown")))
    promote(to="s3://bucket/fleet", **decided())
    assert not door.faults
    latest = s3.cat_file("bucket/fleet/latest").decode().strip()
    assert check_fleet(lambda name: s3.cat_file(f"bucket/fleet/{name}"), {latest}) == latest


def test_failed_promotion_does_not_change_latest(s3, decided, door):
    promote(to="s3://bucket/fleet", **decided(b"one"))
    before = s3.cat_file("bucket/fleet/latest")
    door.always.append(("PUT", "/fleet/", denied()))
    with pytest.raises(StorageError, match=r"cannot publish in s3://bucket/fleet: .* your rights"):
        promote(to="s3://bucket/fleet", **decided(b"two"))
    door.always.clear()
    assert s3.cat_file("bucket/fleet/latest") == before


def test_missing_bucket_is_not_created(s3, decided):
    with pytest.raises(StorageError, match="cannot publish in s3://nobody-s/fleet: "):
        promote(to="s3://nobody-s/fleet", **decided())
    assert not s3.exists("nobody-s")


def test_concurrent_write_is_not_replaced(s3):
    shelf = FsspecShelf("s3://bucket/fleet")
    shelf.write("latest", b"mine", None)
    seen = shelf.read("latest")
    s3.pipe("bucket/fleet/latest", b"theirs")
    with pytest.raises(Overtaken):
        shelf.write("latest", b"mine again", seen)
    assert s3.cat_file("bucket/fleet/latest") == b"theirs"


def test_decision_of_a_run_on_a_cluster_is_fetched(s3, decided, tmp_path):
    results, paths = "s3://bucket/runs/digits/run-1", decided()
    decision = Path(paths["decision_path"])
    s3.put_file(str(decision), "bucket/runs/digits/run-1/gate/7/decision")
    for name in ("winner", "report", "page"):
        s3.pipe(f"bucket/runs/digits/run-1/gate/7/{name}", b"")
    outcome = fetch_results(results, tmp_path / "fetched")
    assert outcome.decision == Decision.read(decision)
    assert outcome.winner == f"{results}/gate/7/winner"
    with pytest.raises(ClusterError, match="The results are below s3://bucket/none"):
        fetch_results("s3://bucket/none", tmp_path / "fetched")


def test_secrets_are_in_no_message(data, fetch, door):
    door.always.append(("GET", "/data/a", denied()))
    with pytest.raises(StorageError) as caught:
        fetch(data)
    assert "s3cret" not in f"{caught.value}{caught.value.__cause__}"
