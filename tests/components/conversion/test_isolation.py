"""A child process may raise, crash, hang or answer at length; the parent gets a sentence."""

import ctypes
import faulthandler
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.components.isolation import (
    FailedInChild,
    IsolatedFailure,
    run_isolated,
    run_side_by_side,
)


def _refuse(what: str) -> None:
    raise ValueError(f"no {what}")


def _read_address_zero() -> None:
    faulthandler.disable()  # pytest's would print a page
    ctypes.string_at(0)


def _end_by(signal_number: int) -> None:
    os.kill(os.getpid(), signal_number)


def _unpicklable() -> Callable[[], None]:
    return lambda: None


def _note_id_and_hang(path: Path) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(60)


def _say() -> None:
    os.write(1, b"said\n")


def test_result_and_arguments_pass_through():
    assert run_isolated(divmod, 17, 5, timeout_s=10) == (3, 2)


def test_result_larger_than_a_pipe_passes_through():
    size = 50_000_000
    assert run_isolated(bytes, size, timeout_s=30) == bytes(size)


def test_exception_is_named():
    with pytest.raises(FailedInChild, match=r"^ValueError: no model$"):
        run_isolated(_refuse, "model", timeout_s=10)


def test_crash_is_named():
    with pytest.raises(IsolatedFailure, match=r"^crashed with SIGSEGV$") as caught:
        run_isolated(_read_address_zero, timeout_s=10)
    assert not isinstance(caught.value, FailedInChild)


def test_kill_hints_at_memory():
    with pytest.raises(
        IsolatedFailure, match=r"^crashed with SIGKILL, perhaps for want of memory$"
    ):
        run_isolated(_end_by, signal.SIGKILL, timeout_s=10)


def test_exit_without_result_is_named():
    with pytest.raises(IsolatedFailure, match=r"^ended with exit code 3 and no result$"):
        run_isolated(os._exit, 3, timeout_s=10)


def test_result_that_cannot_travel_is_no_silence():
    with pytest.raises(IsolatedFailure, match=r"^ended with exit code 1 and no result$"):
        run_isolated(_unpicklable, timeout_s=10)


def test_hang_is_stopped():
    started = time.monotonic()
    with pytest.raises(IsolatedFailure, match=r"^took longer than 0\.2 s and was stopped$"):
        run_isolated(time.sleep, 60, timeout_s=0.2)
    assert time.monotonic() - started < 10


def test_no_child_is_left_behind(tmp_path: Path):
    with pytest.raises(IsolatedFailure):
        run_isolated(_note_id_and_hang, tmp_path / "id", timeout_s=1)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "id").read_text()), 0)


def test_output_of_the_child_is_ours(capfd: pytest.CaptureFixture[str]):
    run_isolated(_say, timeout_s=10)
    assert capfd.readouterr().out == "said\n"


def test_results_come_in_the_order_of_the_calls():
    calls = [(17, 5), (9, 2), (4, 4)]
    assert run_side_by_side(divmod, calls, timeout_s=10) == [(3, 2), (4, 1), (1, 0)]


def test_calls_run_side_by_side():
    started = time.monotonic()
    run_side_by_side(time.sleep, [(1.0,)] * 4, timeout_s=30)
    assert time.monotonic() - started < 3.5


def test_the_first_failure_ends_the_others(tmp_path: Path):
    calls = [("model", None), (None, tmp_path / "id")]
    with pytest.raises(FailedInChild, match=r"^ValueError: no model$"):
        run_side_by_side(_refuse_or_hang, calls, timeout_s=30)
    identity = tmp_path / "id"
    if identity.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(identity.read_text()), 0)


def _refuse_or_hang(what: str | None, path: Path | None) -> None:
    if path is None:
        _refuse(str(what))
    else:
        _note_id_and_hang(path)
