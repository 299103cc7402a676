"""Messages about failed tasks that could hardly report their failure themselves."""

# Components are written as users write them.
# ruff: noqa: PTH123, T201

import errno
import json
import os
from pathlib import Path

import pytest
from kfp import dsl

from quantgate.errors import InputError
from quantgate.local_runner.processes import failure
from quantgate.local_runner.processes.failure import Unexplained, tell, tell_exception, why_ended

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def fill_the_disk():
    with open("/dev/full", "w") as stream:
        stream.write("x")


@component
def expected():
    from quantgate.errors import InputError

    raise InputError("the data is not good. Get better data")


@component
def leave():
    import sys

    print("one")
    print("twö")
    sys.exit(3)


def only(result):
    (task,) = result.tasks
    return task


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_full_disk_is_reported(run):
    @dsl.pipeline(name="full")
    def pipeline():
        fill_the_disk()

    task = only(run(pipeline))
    assert task.error == "no room is left on the disk. Make room and run again"
    assert task.explained


def test_expected_error_does_not_mention_the_log(run):
    @dsl.pipeline(name="expecting")
    def pipeline():
        expected()

    task = only(run(pipeline))
    assert (task.error, task.explained) == ("the data is not good. Get better data", True)


def test_exit_code_is_reported_with_the_log(run):
    @dsl.pipeline(name="leaving")
    def pipeline():
        leave()

    task = only(run(pipeline))
    assert (task.error, task.explained) == ("the task ended itself with exit code 3", False)
    assert "one\ntwö\n" in task.log_tail


@pytest.fixture
def file(tmp_path):
    return tmp_path / "failure"


def test_full_disk_is_reported_with_the_file(file):
    tell_exception(file, OSError(errno.ENOSPC, "No space left on device", "/data/x.npy"))
    error = why_ended(file, 1, [])
    assert str(error) == "no room is left on the disk for /data/x.npy. Make room and run again"
    assert not isinstance(error, Unexplained)


@pytest.mark.parametrize(
    ("error", "said", "explained"),
    [
        (InputError("no"), "no", True),
        (ValueError("no"), "ValueError: no", False),
        (OSError(errno.EDQUOT, "x"), "no room is left on the disk. Make room and run again", True),
    ],
)
def test_exceptions_become_messages(file, error, said, explained):
    tell_exception(file, error)
    error = why_ended(file, 1, [])
    assert (str(error), not isinstance(error, Unexplained)) == (said, explained)


def test_undecodable_file_names_are_shown(file):
    broken = os.fsencode("/tmp/modèle").decode("ascii", "surrogateescape")
    tell_exception(file, InputError(f"{broken} is no model"))
    assert json.loads(file.read_text())["sentence"] == "/tmp/modèle is no model"
    assert str(why_ended(file, 1, [])) == "/tmp/modèle is no model"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (-11, "crashed with SIGSEGV"),
        (-9, "crashed with SIGKILL, perhaps out of memory"),
        (-64, "crashed with SIGRTMAX"),
        (-50, "crashed with signal 50"),
        (3, "ended with exit code 3"),
    ],
)
@pytest.mark.parametrize("left", [None, "", "{", "[]"])
def test_process_without_a_message_is_described_by_its_end(file, status, said, left):
    if left is not None:
        file.write_text(left)
    error = why_ended(file, status, [file.parent])
    assert (str(error), type(error)) == (said, Unexplained)


def test_full_disk_is_a_hint_without_a_message(file, monkeypatch):
    # The test raises the limit instead of filling a disk.
    monkeypatch.setattr(failure, "_LEAST_ROOM_BYTES", float("inf"))
    assert str(why_ended(file, 1, [file.parent / "gone", file.parent])) == (
        f"ended with exit code 1. The disk that holds {file.parent} is full, make room and run "
        "again"
    )


def test_unwritable_message_is_no_error(tmp_path):
    tell(tmp_path / "nowhere" / "failure", "no")
    assert str(why_ended(tmp_path / "nowhere" / "failure", 1, [])) == "ended with exit code 1"
