"""A run warns once about the parts of the sandbox that the kernel lacks."""

import pytest

from quantgate.components.processes import landlock, sandbox
from quantgate.local_runner.records.events import Event, RunStarted, Warned
from quantgate.runs.run import _warning_of_gaps


def test_a_gap_is_a_warning_after_the_start(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    told: list[Event] = []
    observe = _warning_of_gaps(told.append)
    start = RunStarted("digits", ())
    observe(start)
    observe(Warned("another one"))
    assert told == [start, *map(Warned, sandbox.gaps()), Warned("another one")]
    assert len(sandbox.gaps()) >= 1


@pytest.mark.skipif(bool(sandbox.gaps()), reason="this kernel lacks a part of the sandbox")
def test_a_whole_sandbox_is_not_mentioned():
    told: list[Event] = []
    _warning_of_gaps(told.append)(RunStarted("digits", ()))
    assert told == [RunStarted("digits", ())]
