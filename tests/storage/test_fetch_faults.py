"""Storage that fails, breaks off, damages or changes files while they are fetched."""

import errno
import os
import resource
import shlex
import signal
import subprocess
import sys
import threading
import time

import pytest

from quantgate.errors import StorageError
from quantgate.foundation.storage.gcs import Gcs
from quantgate.local_runner.storage.download_process import fetched

# Google's client does not close the connections of refused downloads.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

LARGE = bytes(range(256)) * 4096


@pytest.fixture
def fetch(tmp_path, bucket):
    """Fetch a URI into the store as a run does."""

    def run(uri, patience_s=10.0):
        return fetched(uri, Gcs(patience_s), tmp_path / "store")

    return run


def answer(status, message="told to fail"):
    return lambda request: request.answer(status, message)


def cut(request):
    request.cut_after = 300_000


def hang_up(request):
    raise ConnectionAbortedError


def damage(request):
    request.damage = True


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("media", [True, False])
def test_temporary_failure_is_retried(bucket, fetch, status, media):
    bucket.put("a", b"content")
    bucket.fail(answer(status), media=media)
    assert fetch("gs://bucket/a").read_bytes() == b"content"


@pytest.mark.parametrize("fault", [cut, hang_up])
def test_broken_connection_is_resumed(bucket, fetch, fault):
    bucket.put("data/a", LARGE)
    bucket.put("data/b", b"small")
    bucket.fail(fault, times=2, media=True)
    assert (fetch("gs://bucket/data") / "a").read_bytes() == LARGE
    if fault is cut:
        assert bucket.ranges[0] == "bytes=300000-"


@pytest.mark.timing
def test_permanent_failure_of_storage_is_reported(bucket, fetch):
    bucket.put("a", b"content")
    bucket.fail(answer(503), times=1000)
    began = time.monotonic()
    with pytest.raises(StorageError) as caught:
        fetch("gs://bucket/a", patience_s=1.0)
    assert time.monotonic() - began < 60
    assert str(caught.value).startswith(
        "cannot fetch gs://bucket/a: storage cannot be reached, or failed at every attempt ("
    )
    assert str(caught.value).endswith(
        "). Run again later, and what has arrived is not fetched again"
    )


def test_bytes_that_do_not_match_the_checksum_are_refused(bucket, fetch, tmp_path):
    bucket.put("data/a", b"content")
    bucket.fail(damage, times=2, media=True)
    with pytest.raises(StorageError) as caught:
        fetch("gs://bucket/data")
    assert str(caught.value) == (
        "cannot fetch gs://bucket/data: `data/a` arrived 2 times with bytes that do not match its "
        "checksum. None of it is used. Check the proxy, if there is one"
    )
    assert not list((tmp_path / "store").rglob("fetched.json"))
    assert not list((tmp_path / "store").rglob("a"))


def test_damaged_transfer_is_repeated(bucket, fetch):
    bucket.put("data/a", b"content")
    bucket.fail(damage, media=True)
    assert (fetch("gs://bucket/data") / "a").read_bytes() == b"content"


def test_object_replaced_while_fetching_is_reported(bucket, fetch):
    bucket.put("data/a", b"content")
    bucket.put("data/b", b"old")

    def replace(_):
        bucket.put("data/b", b"new")

    bucket.fail(replace, media=True)
    with pytest.raises(StorageError) as caught:
        fetch("gs://bucket/data")
    assert str(caught.value) == (
        "cannot fetch gs://bucket/data: an object was replaced or deleted while it was fetched. "
        "Run again"
    )
    assert (fetch("gs://bucket/data") / "b").read_bytes() == b"new"


def test_object_replaced_in_the_middle_of_a_transfer_is_reported(bucket, fetch):
    bucket.put("a", LARGE)

    def replace(request):
        cut(request)
        request.after_media = lambda: bucket.put("a", LARGE[::-1])

    bucket.fail(replace, media=True)
    with pytest.raises(
        StorageError, match="an object was replaced or deleted while it was fetched"
    ):
        fetch("gs://bucket/a")


@pytest.mark.parametrize("media", [True, False])
def test_missing_permission_is_reported(bucket, fetch, media):
    bucket.put("data/a", b"content")
    bucket.fail(answer(403, "no storage.objects.get for robot"), times=9, media=media)
    with pytest.raises(StorageError) as caught:
        fetch("gs://bucket/data")
    assert str(caught.value).startswith(
        "cannot fetch gs://bucket/data: permission denied. The account of this environment needs "
        "to list and get objects there (roles/storage.objectViewer). Storage says: "
    )
    assert "told" not in str(caught.value)


@pytest.fixture
def limited_files():
    """Return a function that limits the size of files. The limit is restored afterwards."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_download_is_resumed_after_a_write_error(bucket, fetch, limited_files, tmp_path):
    bucket.put("data/a", LARGE)
    limited_files(500_000)
    with pytest.raises(StorageError) as caught:
        fetch("gs://bucket/data")
    limited_files(resource.RLIM_INFINITY)
    assert str(caught.value) == (
        f"cannot fetch gs://bucket/data into {tmp_path / 'store'}: {os.strerror(errno.EFBIG)}. "
        "Name another folder with --cache-dir"
    )
    bucket.ranges.clear()
    assert (fetch("gs://bucket/data") / "a").read_bytes() == LARGE
    assert len(bucket.ranges) == 1


CHILD = """
import sys
from pathlib import Path
from quantgate.local_runner.storage.download_process import fetched
from quantgate.foundation.storage.gcs import Gcs
print(fetched(sys.argv[1], Gcs(), Path(sys.argv[2])))
"""


def test_full_disk_is_reported(bucket, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=400k none '{disk}'"
    if os.system(f'unshare -rm sh -c "{mount}" 2>/dev/null') != 0:
        pytest.skip("this machine allows no small disk")
    bucket.put("a", LARGE)
    child = shlex.join([sys.executable, "-c", CHILD, "gs://bucket/a", f"{disk}/store"])
    ended = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{mount} && {child}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stderr.splitlines()[-1] == (
        "quantgate.errors.StorageError: "
        f"cannot fetch gs://bucket/a into {disk}/store: "
        "No space left on device. Make room and run again, and what has arrived is not fetched "
        "again"
    )


def test_killed_download_is_resumed(bucket, fetch, tmp_path):
    bucket.put("data/a", LARGE)
    killed = threading.Event()

    def stall(request):
        cut(request)
        request.after_media = lambda: killed.wait(30)

    bucket.fail(stall, media=True)
    arguments = ["gs://bucket/data", str(tmp_path / "store")]
    child = subprocess.Popen([sys.executable, "-c", CHILD, *arguments])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and sizes(tmp_path / "store").get("a", 0) < 200_000:
        time.sleep(0.02)
    child.kill()
    child.wait()
    killed.set()
    had = sizes(tmp_path / "store")["a"]
    assert 200_000 <= had < len(LARGE)
    path = fetch("gs://bucket/data")
    assert (path / "a").read_bytes() == LARGE
    assert bucket.ranges == [f"bytes={had}-"]


def sizes(folder):
    return {path.name: path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def test_two_processes_fetch_the_same_files_once(bucket, tmp_path):
    bucket.put("data/a", LARGE)
    bucket.fail(lambda _: time.sleep(1.5), media=True)
    arguments = ["gs://bucket/data", str(tmp_path / "store")]
    command = [sys.executable, "-c", CHILD, *arguments]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    answers = {child.communicate(timeout=60)[0] for child in children}
    assert [child.returncode for child in children] == [0, 0]
    assert len(answers) == 1
    assert [is_media for _, is_media in bucket.asked].count(True) == 1
