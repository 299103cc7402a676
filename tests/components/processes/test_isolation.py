"""A child process that raises, crashes or hangs becomes an exception with a reason."""

import ctypes
import faulthandler
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.components.processes.isolation import (
    FailedInChild,
    IsolatedFailure,
    OutOfBounds,
    OutOfMemory,
    ResourceLimits,
    attempt_side_by_side,
    run_isolated,
    run_side_by_side,
)
from quantgate.components.processes.sandbox import Reach

PIECE = 1 << 20


def _refuse(what: str) -> None:
    raise ValueError(f"no {what}")


def _read_address_zero() -> None:
    faulthandler.disable()  # pytest's handler would print a page
    ctypes.string_at(0)


def _end_by(signal_number: int) -> None:
    os.kill(os.getpid(), signal_number)


def _unpicklable() -> Callable[[], None]:
    return lambda: None


def _note_id_and_hang(path: Path) -> None:
    path.with_suffix(".new").write_text(str(os.getpid()))
    path.with_suffix(".new").rename(path)
    time.sleep(60)


def _take(size_bytes: int, seconds: float = 0.5) -> int:
    taken = [bytearray(b"x" * PIECE) for _ in range(size_bytes // PIECE)]
    time.sleep(seconds)
    return len(taken)


def _find_no_memory() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (PIECE, PIECE))
    bytearray(1 << 40)


def _say() -> None:
    os.write(1, b"said\n")


def test_result_and_arguments_pass_through():
    assert run_isolated(divmod, 17, 5, limits=ResourceLimits(10)) == (3, 2)


def test_result_larger_than_a_pipe_passes_through():
    size = 50_000_000
    assert run_isolated(bytes, size, limits=ResourceLimits(30)) == bytes(size)


def test_exception_is_named():
    with pytest.raises(FailedInChild, match=r"^ValueError: no model$"):
        run_isolated(_refuse, "model", limits=ResourceLimits(10))


def test_crash_is_named():
    with pytest.raises(IsolatedFailure, match=r"^crashed with SIGSEGV$") as caught:
        run_isolated(_read_address_zero, limits=ResourceLimits(10))
    assert not isinstance(caught.value, FailedInChild)


def test_kill_hints_at_memory():
    with pytest.raises(IsolatedFailure, match=r"^crashed with SIGKILL, perhaps out of memory$"):
        run_isolated(_end_by, signal.SIGKILL, limits=ResourceLimits(10))


def test_exit_without_result_is_named():
    with pytest.raises(IsolatedFailure, match=r"^ended with exit code 3 and no result$"):
        run_isolated(os._exit, 3, limits=ResourceLimits(10))


def test_unpicklable_result_is_reported():
    with pytest.raises(IsolatedFailure, match=r"^ended with exit code 1 and no result$"):
        run_isolated(_unpicklable, limits=ResourceLimits(10))


@pytest.mark.timing
def test_hang_is_stopped():
    started = time.monotonic()
    with pytest.raises(IsolatedFailure, match=r"^took longer than 0\.2 s and was stopped$"):
        run_isolated(time.sleep, 600, limits=ResourceLimits(0.2))
    assert time.monotonic() - started < 300


def test_no_child_is_left_behind(tmp_path: Path):
    with pytest.raises(IsolatedFailure):
        run_isolated(
            _note_id_and_hang,
            tmp_path / "id",
            limits=ResourceLimits(1),
            reach=Reach((str(tmp_path),)),
        )
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "id").read_text()), 0)


def test_child_prints_to_the_parents_output(capfd: pytest.CaptureFixture[str]):
    run_isolated(_say, limits=ResourceLimits(10))
    assert capfd.readouterr().out == "said\n"


def test_results_come_in_the_order_of_the_calls():
    calls = [(17, 5), (9, 2), (4, 4)]
    assert run_side_by_side(divmod, calls, limits=ResourceLimits(10)) == [(3, 2), (4, 1), (1, 0)]


def test_calls_run_side_by_side(tmp_path: Path):
    calls = [(tmp_path, number, 4) for number in range(4)]
    reach = Reach((str(tmp_path),))
    assert run_side_by_side(_meet, calls, limits=ResourceLimits(120), reach=reach) == [True] * 4


def _meet(folder: Path, number: int, expected: int) -> bool:
    """Return whether all expected processes are in the folder at the same time."""
    (folder / str(number)).touch()
    deadline = time.monotonic() + 60
    while len(list(folder.iterdir())) < expected:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_the_first_failure_ends_the_others(tmp_path: Path):
    calls = [("model", None), (None, tmp_path / "id")]
    with pytest.raises(FailedInChild, match=r"^ValueError: no model$"):
        run_side_by_side(
            _refuse_or_hang, calls, limits=ResourceLimits(30), reach=Reach((str(tmp_path),))
        )
    identity = tmp_path / "id"
    if identity.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(identity.read_text()), 0)


def _refuse_or_hang(what: str | None, path: Path | None) -> None:
    if path is None:
        _refuse(str(what))
    else:
        _note_id_and_hang(path)


def test_too_much_memory_is_stopped():
    with pytest.raises(OutOfMemory, match=r"^needed more than 0\.4GiB of memory and was stopped$"):
        run_isolated(_take, 8 << 30, limits=ResourceLimits(60, "0.4GiB"))


def test_memory_within_the_limit_passes():
    assert run_isolated(_take, 64 * PIECE, limits=ResourceLimits(60, "1GiB")) == 64


def test_the_memory_limit_is_for_all_children_together():
    calls = [(100 * PIECE,)] * 4
    assert run_side_by_side(_take, calls, limits=ResourceLimits(60, "4GiB")) == [100] * 4
    with pytest.raises(OutOfMemory, match=r"^needed more than 150MiB of memory and was stopped$"):
        run_side_by_side(_take, [(100 * PIECE, 30)] * 4, limits=ResourceLimits(60, "150MiB"))


def test_memory_that_is_shared_with_the_parent_counts_once():
    ballast = bytearray(b"x" * (200 * PIECE))
    calls = [(PIECE,)] * 4
    assert run_side_by_side(_take, calls, limits=ResourceLimits(60, "500MiB")) == [1] * 4
    assert len(ballast) == 200 * PIECE


def test_failed_allocation_is_out_of_memory():
    with pytest.raises(OutOfMemory, match=r"^ran out of memory$"):
        run_isolated(_find_no_memory, limits=ResourceLimits(10))


@pytest.mark.parametrize("signal_number", [signal.SIGABRT, signal.SIGSEGV])
def test_a_crash_does_not_count_as_out_of_memory(signal_number: int):
    with pytest.raises(IsolatedFailure, match=r"^crashed with SIG(ABRT|SEGV)$") as caught:
        run_isolated(_end_by, signal_number, limits=ResourceLimits(10, "8GiB"))
    assert not isinstance(caught.value, OutOfBounds)


def test_a_failure_leaves_the_others_alone():
    first, second, third = attempt_side_by_side(
        divmod, [(7, 2), (7, 0), (9, 2)], limits=ResourceLimits(10)
    )
    assert (first, third) == ((3, 1), (4, 1))
    assert isinstance(second, FailedInChild)
    assert str(second) == "ZeroDivisionError: integer division or modulo by zero"


def test_timeout_fails_only_unfinished_calls():
    quick, slow = attempt_side_by_side(time.sleep, [(0.0,), (60.0,)], limits=ResourceLimits(1))
    assert quick is None
    assert isinstance(slow, OutOfBounds)
    assert str(slow) == "took longer than 1 s and was stopped"
