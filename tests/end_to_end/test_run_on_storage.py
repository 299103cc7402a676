"""A spec whose model, data and promotion are in a bucket, on this machine."""

import shutil
from pathlib import Path

import pytest
from gcp_storage_emulator.server import create_server

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

BUCKET = (
    *("--set", "model.saved_model=gs://bucket/saved_model"),
    *("--set", "data.calibration.source=gs://bucket/data/calibration.npz"),
    *("--set", "data.evaluation.source=gs://bucket/data/evaluation.npz"),
    *("--set", "promote.to=gs://bucket/fleet"),
)


@pytest.fixture
def storage(monkeypatch):
    """A client of an emulator that the command finds, too."""
    server = create_server("localhost", 0, in_memory=True, default_bucket="bucket")
    server.start()
    port = server._api._httpd.server_address[1]
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://localhost:{port}")
    from quantgate.local_runner.gcs import storage

    yield storage.Client().bucket("bucket")
    server.stop()


def upload(storage, folder: Path, prefix: str):
    for path in folder.rglob("*"):
        if path.is_file():
            name = f"{prefix}/{path.relative_to(folder).as_posix()}"
            storage.blob(name).upload_from_filename(str(path))


def test_model_data_and_promotion_in_a_bucket(quantgate, example, storage):
    upload(storage, example / "saved_model", "saved_model")
    (example / "data").mkdir()
    for name in ("calibration.npz", "evaluation.npz"):
        shutil.move(example / name, example / "data" / name)
    upload(storage, example / "data", "data")
    shutil.rmtree(example / "saved_model")
    shutil.rmtree(example / "data")

    done = quantgate("run", "quantgate.yaml", *BUCKET, cwd=example)
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = (example / "runs").glob("*/2*")
    version = storage.blob("fleet/latest").download_as_text().strip()
    published = storage.blob(f"fleet/{version}/model.tflite").download_as_bytes()
    assert published == (run / "winner" / "model.tflite").read_bytes()
    before = {blob.name: blob.generation for blob in storage.list_blobs(prefix="fleet/")}

    again = quantgate("run", "quantgate.yaml", *BUCKET, "--dry-run", cwd=example)
    assert "1 tasks would run" in again.stdout, again.stdout
    again = quantgate("run", "quantgate.yaml", *BUCKET, cwd=example)
    assert again.returncode == 0, again.stdout + again.stderr
    after = {blob.name: blob.generation for blob in storage.list_blobs(prefix="fleet/")}
    assert after == before
