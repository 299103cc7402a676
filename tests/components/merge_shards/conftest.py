"""A Google Cloud Storage server on loopback."""

import importlib.util
import sys
import threading
from pathlib import Path

import pytest

PLACE = Path(__file__).resolve().parents[2] / "storage" / "gcs_server.py"


def gcs_server():
    """Return the module `gcs_server.py`."""
    if "gcs_server" not in sys.modules:
        spec = importlib.util.spec_from_file_location("gcs_server", PLACE)
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
    server.shutdown()
    server.server_close()
    thread.join()
