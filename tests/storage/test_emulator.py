"""Fetching and publishing with another server, `gcp-storage-emulator`."""

import pytest
from gcp_storage_emulator.server import create_server

from quantgate.components.promote.work import promote, roll_back
from quantgate.foundation.storage.gcs import Gcs, storage
from quantgate.local_runner.storage.download_process import fetched

# Google's client does not close the connections of refused requests.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def client(monkeypatch):
    server = create_server("localhost", 0, in_memory=True, default_bucket="bucket")
    server.start()
    port = server._api._httpd.server_address[1]
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://localhost:{port}")
    yield storage.Client()
    server.stop()


def test_a_folder_of_many_files_is_fetched(client, tmp_path):
    files = {f"shard-{number:03}": f"{number}".encode() * 10_000 for number in range(40)}
    for name, content in files.items():
        client.bucket("bucket").blob(f"data/{name}").upload_from_string(content)
    path = fetched("gs://bucket/data", Gcs(), tmp_path / "store")
    assert {place.name: place.read_bytes() for place in path.iterdir()} == files
    assert fetched("gs://bucket/data", Gcs(), tmp_path / "store", may_fetch=False) == path


def test_versions_are_published_and_rolled_back(client, decided, check_fleet):
    def read(name):
        blob = client.bucket("bucket").get_blob(f"fleet/{name}")
        return blob.download_as_bytes() if blob else None

    for content in (b"one", b"two"):
        promote(to="gs://bucket/fleet", **decided(content))
    newest, before = roll_back("gs://bucket/fleet")
    assert check_fleet(read, {before}) == before
    assert check_fleet(
        lambda name: f"{newest}\n".encode() if name == "latest" else read(name), {newest}
    )
