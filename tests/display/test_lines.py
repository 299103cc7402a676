"""Plain lines and JSON, from events."""

import io
import json
import re
from pathlib import Path

import pytest

from quantgate.display.json_lines import JsonLines
from quantgate.display.plain import PlainLines
from quantgate.local_runner.records.events import (
    RunStarted,
    TaskLoaded,
    TaskLoading,
    TaskProgress,
    TaskRetried,
    TaskStarted,
    TaskWaiting,
    Warned,
)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "quantize.0.log"


@pytest.fixture
def events(task, ended, log):
    """Two tasks of a run. The output of the first one comes in two parts."""
    quantize, gate = task("for-loop-1", "0", "quantize"), task("gate")

    def of_the_run():
        yield RunStarted("p", (quantize, gate))
        yield TaskWaiting(quantize)
        yield TaskLoading(quantize)
        yield TaskLoaded(quantize)
        yield TaskStarted(quantize, log)
        log.write_text("one\r\n\x1b[2Jtwo\nthr")
        yield TaskProgress(quantize, 3, 10)
        yield TaskRetried(quantize, 1, "no memory")
        with log.open("a") as stream:
            stream.write("ee\nno newline")
        yield ended(quantize, "FAILED", error="no", log=log)
        yield ended(gate, "SKIPPED")
        yield ended(gate, cached=True)
        yield Warned("careful")

    return of_the_run


def plain(events, verbose=False):
    stream, warnings = io.StringIO(), io.StringIO()
    with PlainLines(stream, warnings, verbose) as tell:
        for event in events():
            tell(event)
    return re.sub(r"(?m)^ +\d+\.\d s  ", "N s  ", stream.getvalue()), warnings.getvalue()


def test_plain_lines_say_how_tasks_ended(events):
    assert plain(events) == (
        "N s  Quantize small: attempt 1 failed: no memory\n"
        "N s  Quantize small: failed in 1.5 s\n"
        "N s  Gate: cached\n",
        "warning: careful\n",
    )


def test_verbose_lines_show_task_output_with_task_names(events):
    lines, _ = plain(events, verbose=True)
    printed = [line for line in lines.splitlines() if " | " in line]
    assert printed == [
        "Quantize small | one",
        "Quantize small | two",
        "Quantize small | three",
        "Quantize small | no newline",
    ]
    assert "N s  Quantize small: started\n" in lines


def test_output_of_a_shared_log_has_the_name_of_the_log(task, ended, log):
    def sharing():
        for key in ("a", "b"):
            yield TaskStarted(task(key), log)
            with log.open("a") as stream:
                stream.write(f"from {key}\n")
            yield ended(task(key), log=log)

    lines, _ = plain(sharing, verbose=True)
    assert [line for line in lines.splitlines() if " | " in line] == [
        "A | from a",
        "quantize.0 | from b",
    ]


def test_json_has_every_event_with_stable_names(events, log):
    stream = io.StringIO()
    with JsonLines(Path("/runs/x"), stream, verbose=True) as tell:
        for event in events():
            tell(event)
    events_written = [json.loads(line) for line in stream.getvalue().splitlines()]
    for event in events_written:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event.pop("time"))
    one = {"task": "Quantize small", "candidate": "small", "id": "for-loop-1/0/quantize"}
    gate = {"task": "Gate", "candidate": None, "id": "gate"}
    end = {"event": "task_ended", "seconds": 1.5, "log": None, "error": None}
    printed = {"event": "task_printed", "task": "Quantize small"}
    assert [event for event in events_written if event["event"] != "task_printed"] == [
        {"event": "run_started", "run": "/runs/x", "tasks": ["Quantize small", "Gate"]},
        {"event": "task_waiting", **one},
        {"event": "task_loading", **one},
        {"event": "task_loaded", **one},
        {"event": "task_started", **one, "log": str(log)},
        {"event": "task_progress", **one, "done": 3, "total": 10},
        {"event": "task_retried", **one, "attempt": 1, "error": "no memory"},
        {**end, **one, "outcome": "failed", "log": str(log), "error": "no"},
        {**end, **gate, "outcome": "skipped"},
        {**end, **gate, "outcome": "cached"},
        {"event": "warning", "message": "careful"},
    ]
    assert [event for event in events_written if event["event"] == "task_printed"] == [
        {**printed, "line": line} for line in ("one", "two", "three", "no newline")
    ]
