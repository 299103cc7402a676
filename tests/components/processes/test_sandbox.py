"""The sandbox of child processes, tried out on this kernel."""

import os
import pickle
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.processes import landlock, sandbox, seccomp
from quantgate.components.processes.isolation import (
    FailedInChild,
    IsolatedFailure,
    ResourceLimits,
    attempt_side_by_side,
    run_isolated,
)
from quantgate.components.processes.memory import own_peak, watch_peak
from quantgate.components.processes.progress import VARIABLE, counted, expect
from quantgate.components.processes.sandbox import NOWHERE, OWN_CODE, Reach
from quantgate.components.processes.system_calls import no_new_privileges
from quantgate.errors import InputError

LIMITS = ResourceLimits(30)
needs_landlock = pytest.mark.skipif(not landlock.abi(), reason="this kernel lacks Landlock")
needs_seccomp = pytest.mark.skipif(
    not seccomp.is_available(), reason="this kernel or architecture lacks the filter"
)
DENIED = "PermissionError: [Errno 13] Permission denied"


def refusal_of(function: Callable[..., object], *arguments: object, reach: Reach = NOWHERE) -> str:
    with pytest.raises(FailedInChild) as caught:
        run_isolated(function, *arguments, limits=LIMITS, reach=reach)
    return str(caught.value)


def cut_short(path: Path) -> None:
    os.truncate(path, 0)


def write_by_another_program(path: Path) -> None:
    subprocess.run([sys.executable, "-c", f"open({str(path)!r}, 'w')"], check=True)


CHANGES: dict[str, Callable[[Path], object]] = {
    "write": lambda path: path.write_text("changed"),
    "append": lambda path: path.open("a"),
    "cut short": cut_short,
    "delete": Path.unlink,
    "move": lambda path: path.rename(path.with_name("moved")),
    "replace": lambda path: path.with_name("other").replace(path),
    "make a file": lambda path: path.with_name("new").touch(),
    "make a folder": lambda path: path.with_name("new").mkdir(),
    "make a link": lambda path: path.with_name("new").symlink_to(path),
    "make a hard link": lambda path: path.with_name("new").hardlink_to(path),
    "make a pipe": lambda path: os.mkfifo(path.with_name("new")),
    "delete the folder": lambda path: shutil.rmtree(path.parent),
}


@needs_landlock
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_files_cannot_be_changed(change: Callable[[Path], object], tmp_path: Path):
    for name in ("file", "other"):
        (tmp_path / name).write_text(name)
    assert refusal_of(change, tmp_path / "file").startswith(DENIED)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "file": "file",
        "other": "other",
    }


@needs_landlock
def test_a_program_that_is_started_is_in_the_sandbox(tmp_path: Path):
    assert "CalledProcessError" in refusal_of(write_by_another_program, tmp_path / "new")
    assert not list(tmp_path.iterdir())


def fill(folder: Path) -> None:
    """Make, move, append, truncate and delete files in a folder."""
    (folder / "first").mkdir()
    (folder / "second").mkdir()
    (folder / "first" / "file").write_text("long text")
    (folder / "first" / "file").rename(folder / "second" / "file")
    os.truncate(folder / "second" / "file", 4)
    (folder / "first").rmdir()


@pytest.mark.parametrize("place", ["a folder of the task", "the temporary folder"])
def test_own_folders_can_be_changed(place: str, tmp_path: Path):
    def work() -> str:
        folder = tmp_path if place == "a folder of the task" else Path(tempfile.mkdtemp())
        fill(folder)
        return (folder / "second" / "file").read_text()

    assert run_isolated(work, limits=LIMITS, reach=Reach((str(tmp_path),))) == "long"


@needs_landlock
def test_a_file_can_be_allowed_alone(tmp_path: Path):
    for name in ("allowed", "other"):
        (tmp_path / name).touch()
    reach = Reach((str(tmp_path / "allowed"),))
    run_isolated((tmp_path / "allowed").write_text, "changed", limits=LIMITS, reach=reach)
    assert (tmp_path / "allowed").read_text() == "changed"
    assert refusal_of((tmp_path / "other").write_text, "changed", reach=reach).startswith(DENIED)


def test_the_temporary_folder_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = Path(run_isolated(tempfile.mkdtemp, limits=LIMITS))
    assert made.parent.parent == tmp_path
    assert not list(tmp_path.iterdir())


@needs_landlock
def test_the_parent_stays_free(tmp_path: Path):
    run_isolated(int, limits=LIMITS)
    (tmp_path / "file").write_text("written")
    socket.socket().close()


@needs_landlock
def test_progress_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def count() -> list[int]:
        expect(3)
        return list(counted(range(3)))

    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress"))
    assert run_isolated(count, limits=LIMITS) == [0, 1, 2]
    assert (tmp_path / "progress").read_text() == "3\n..."


@needs_landlock
def test_peaks_of_memory_are_reset():
    def peaks() -> tuple[int, int]:
        bytearray(b"x" * (200 << 20))
        before = own_peak()
        watch_peak()
        return before, own_peak()

    before, after = run_isolated(peaks, limits=LIMITS)
    assert before - after > 100 << 20


@needs_seccomp
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_no_socket_can_be_opened(family: socket.AddressFamily):
    assert refusal_of(socket.socket, family) == DENIED


@needs_seccomp
def test_a_pair_of_sockets_works():
    def passed() -> bytes:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.send(b"passed")
            return ours.recv(10)

    assert run_isolated(passed, limits=LIMITS) == b"passed"


def connect(port: int) -> None:
    no_new_privileges()
    landlock.keep_from_writing([])
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


@pytest.mark.skipif(landlock.abi() < landlock.HAS_TCP, reason="this Landlock has no rules for TCP")
def test_landlock_alone_refuses_tcp():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(FailedInChild, match=r"^PermissionError: \[Errno 13\]"):
            run_isolated(connect, port, limits=LIMITS, reach=OWN_CODE)


@pytest.mark.skipif(landlock.abi() < 6, reason="this Landlock has no rules for signals")
def test_other_processes_get_no_signals():
    assert refusal_of(os.kill, os.getpid(), 0).startswith("PermissionError: [Errno 1]")


def test_own_code_is_free(tmp_path: Path):
    run_isolated((tmp_path / "file").write_text, "written", limits=LIMITS, reach=OWN_CODE)
    run_isolated(lambda: socket.socket().close(), limits=LIMITS, reach=OWN_CODE)
    assert (tmp_path / "file").read_text() == "written"


def test_a_kernel_without_a_sandbox_still_runs_the_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    monkeypatch.setattr(seccomp, "is_available", lambda: False)
    run_isolated((tmp_path / "file").write_text, "written", limits=LIMITS)
    assert (tmp_path / "file").read_text() == "written"
    assert [gap.partition(",")[0] for gap in sandbox.gaps()] == [
        "this kernel lacks Landlock (Linux 5.13 or newer",
        "this kernel does not filter system calls",
    ]


def in_the_last_sandbox() -> str:
    """Return a result from the innermost sandbox. Linux nests 16 of them."""
    no_new_privileges()
    for _ in range(16):
        landlock.keep_from_writing(["/"])
    sandbox.enter(NOWHERE, "/tmp")
    return "ran"


@needs_landlock
def test_a_kernel_that_refuses_a_sandbox_still_runs_the_function(capfd: pytest.CaptureFixture[str]):
    assert run_isolated(in_the_last_sandbox, limits=LIMITS, reach=OWN_CODE) == "ran"
    assert capfd.readouterr().err == (
        "this process runs without its whole sandbox: Argument list too long\n"
    )


class Harmful:
    """A value that runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


def test_an_answer_cannot_run_code_in_the_parent(tmp_path: Path):
    (answer,) = attempt_side_by_side(Harmful, [(tmp_path / "harm",)], limits=LIMITS)
    assert isinstance(answer, IsolatedFailure)
    assert str(answer) == "returned an answer that is not accepted: it names posix.system"
    assert not (tmp_path / "harm").exists()


def answer_by_hand(content: bytes) -> None:
    """Write to this process's pipe, as an op that writes files could."""
    sender: Connection = sys._getframe(2).f_locals["sender"]
    Path(f"/proc/self/fd/{sender.fileno()}").write_bytes(struct.pack("!i", len(content)) + content)
    os._exit(0)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps((True, Harmful(Path("/dev/null"))), protocol=0),
        b"cquantgate.components.processes.answers\npickle.Unpickler\n.",
        b"cquantgate.components.processes.isolation\nrun_isolated\n.",
        b"no pickle",
        b"",
    ],
)
def test_a_forged_answer_is_a_failure(content: bytes):
    with pytest.raises(IsolatedFailure, match=r"^returned an answer that is not accepted: "):
        run_isolated(answer_by_hand, content, limits=LIMITS)


VALUES = {
    "plain": (1, 2.5, "text", b"bytes", None, {"a": [True]}, {3}, frozenset({4}), range(3)),
    "a path": Path("/tmp"),
    "a record": ResourceLimits(3.0, "1GiB"),
    "an error of quantgate": InputError("why"),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_data_passes_through(value: object):
    answer = run_isolated(lambda: value, limits=LIMITS)
    assert (type(answer), str(answer)) == (type(value), str(value))


@pytest.mark.parametrize("dtype", ["float32", "int8", "bool", "U5", "O", "datetime64[s]"])
def test_arrays_pass_through(dtype: str):
    values = np.arange(6).astype(dtype).reshape(2, 3)
    whole, part, scalar = run_isolated(
        lambda: (values, values[:, ::2], values[1, 1]), limits=LIMITS
    )
    np.testing.assert_array_equal(whole, values)
    np.testing.assert_array_equal(part, values[:, ::2])
    assert scalar == values[1, 1]
    assert whole.dtype == values.dtype
