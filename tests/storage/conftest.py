"""A Google Cloud Storage server on loopback, and models to publish."""

import gc
import importlib.util
import json
import sys
import threading
import warnings
from pathlib import Path

import pytest

from quantgate.foundation.hashing import sha256_of_bytes

sys.path.insert(0, str(Path(__file__).parent))


def gcs_server():
    """Return the module `gcs_server.py` in this folder."""
    if "gcs_server" not in sys.modules:
        place = Path(__file__).with_name("gcs_server.py")
        spec = importlib.util.spec_from_file_location("gcs_server", place)
        sys.modules["gcs_server"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["gcs_server"])
    return sys.modules["gcs_server"]


@pytest.fixture
def bucket(monkeypatch):
    """The bucket `gs://bucket`, which Google's client finds through STORAGE_EMULATOR_HOST."""
    content = gcs_server().Bucket()
    server = gcs_server().Server(content)
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
    yield content
    content.faults.clear()
    for asking in threading.enumerate():
        # Google's client requests facts about the bucket in the background for two minutes.
        if "_fetch_background" in asking.name:
            asking.join(10)
    server.shutdown()
    server.server_close()
    thread.join()
    with warnings.catch_warnings():
        # Google's client does not close the connections of refused requests.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def s3_server():
    """Return the module `s3_server.py` in this folder, whose import takes seconds."""
    import s3_server

    return s3_server


@pytest.fixture(scope="module")
def server():
    import s3fs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = s3_server().Server()
    yield running
    running.close()
    s3fs.S3FileSystem.clear_instance_cache()
    with warnings.catch_warnings():
        # botocore does not close its connections.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def client(server):
    """A client of the server, which the tested code finds through the environment."""
    import s3fs

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_MAX_ATTEMPTS", "1")
        patch.setattr(s3fs.S3FileSystem, "retries", 2)
        s3fs.S3FileSystem.clear_instance_cache()
        yield s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)


@pytest.fixture
def s3(client, door):
    """The client, with the empty bucket `s3://bucket`."""
    door.faults.clear()
    client.mkdir("bucket")
    yield client
    door.always.clear()
    client.rm("bucket", recursive=True)


@pytest.fixture
def door(server):
    return server.door


@pytest.fixture
def decided(tmp_path, small_wins):
    """Return a function that writes a decision and its winner, for `promote`."""

    def write(content=b"model", created="2025-01-14"):
        folder = tmp_path / f"decided-{sha256_of_bytes(content + created.encode())[:8]}"
        (folder / "winner").mkdir(parents=True, exist_ok=True)
        model, decision = folder / "winner" / "model.tflite", folder / "decision.json"
        model.write_bytes(content)
        small_wins(sha256_of_bytes(content), created=created).write(decision)
        return {
            "decision_path": str(decision),
            "winner_path": str(model),
            "manifest_path": str(folder / "manifest.json"),
        }

    return write


@pytest.fixture
def check_fleet():
    """Return a check that `latest` names a complete version which mixes no two promotions."""

    def check(read, allowed):
        latest = read("latest")
        version = latest.removesuffix(b"\n").decode() if latest else None
        assert version in allowed
        if version:
            manifest = json.loads(read(f"{version}/manifest.json"))
            assert manifest["version"] == version
            assert manifest["files"]["model.tflite"]["sha256"] == manifest["model_sha256"]
            for name, file in manifest["files"].items():
                content = read(f"{version}/{name}")
                assert sha256_of_bytes(content) == file["sha256"]
                assert len(content) == file["size_bytes"]
        return version

    return check
