"""A spec with model, data, code and promotion in an emulated bucket."""

import shutil
from pathlib import Path

import pytest
from gcp_storage_emulator.server import create_server

from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.decision import Decision

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

CODE = b"def share(outputs, labels):\n    return float((outputs.argmax(axis=1) == labels).mean())\n"
SHA256 = sha256_of_bytes(CODE)
BUCKET = (
    *("--set", f"code={{file: gs://bucket/code/own_code.py, sha256: {SHA256}}}"),
    *("--set", "measure.metrics=[top1, {metric: 'own_code:share', better: higher}]"),
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
    from quantgate.foundation.storage.gcs import storage

    yield storage.Client().bucket("bucket")
    server.stop()


def upload(storage, folder: Path, prefix: str):
    for path in folder.rglob("*"):
        if path.is_file():
            name = f"{prefix}/{path.relative_to(folder).as_posix()}"
            storage.blob(name).upload_from_filename(str(path))


def test_model_data_and_promotion_may_be_in_a_bucket(quantgate, example, storage):
    upload(storage, example / "saved_model", "saved_model")
    (example / "data").mkdir()
    for name in ("calibration.npz", "evaluation.npz"):
        shutil.move(example / name, example / "data" / name)
    upload(storage, example / "data", "data")
    storage.blob("code/own_code.py").upload_from_string(CODE)
    shutil.rmtree(example / "saved_model")
    shutil.rmtree(example / "data")

    done = quantgate("run", "quantgate.yaml", *BUCKET, cwd=example)
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = (example / "runs").glob("*/2*")
    version = storage.blob("fleet/latest").download_as_text().strip()
    published = storage.blob(f"fleet/{version}/model.tflite").download_as_bytes()
    assert published == (run / "winner" / "model.tflite").read_bytes()
    decision = Decision.read(run / "decision.json")
    assert decision.provenance.code_sha256 == SHA256
    assert decision.baseline.measurements["share"] == decision.baseline.measurements["top1"]
    before = {blob.name: blob.generation for blob in storage.list_blobs(prefix="fleet/")}

    again = quantgate("run", "quantgate.yaml", *BUCKET, "--dry-run", cwd=example)
    assert "1 task would run" in again.stdout, again.stdout
    again = quantgate("run", "quantgate.yaml", *BUCKET, cwd=example)
    assert again.returncode == 0, again.stdout + again.stderr
    after = {blob.name: blob.generation for blob in storage.list_blobs(prefix="fleet/")}
    assert after == before

    storage.blob("code/own_code.py").upload_from_string(CODE + b"# changed\n")
    other = quantgate("run", "quantgate.yaml", *BUCKET, cwd=example)
    assert other.returncode == 1
    assert "own_code.py has the SHA-256" in other.stderr
