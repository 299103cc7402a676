"""Runs and targets that nothing is published from or to."""

import sys
from pathlib import Path

import pytest

from quantgate.errors import Doubtful, InputError, NothingQualified, UsageError
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.decision import Closest, Decision
from quantgate.records.outcomes import DecisionOutcome


def contents(folder):
    """Return the bytes, modification time and inode of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): (
            path.read_bytes(),
            path.stat().st_mtime_ns,
            path.stat().st_ino,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_target_of_another_spec_is_unchanged(decided, publish, tmp_path):
    publish(*decided())
    before = contents(tmp_path / "fleet")
    with pytest.raises(InputError) as caught:
        publish(*decided(b"other", name="digits"))
    assert str(caught.value) == (
        f"cannot publish `digits` in {tmp_path / 'fleet'}: its `latest` is a version of `fashion`, "
        "and a target holds the versions of one name. Name another target as `promote.to`, or with "
        "`quantgate promote --to`."
    )
    assert contents(tmp_path / "fleet") == before


def test_without_a_winner_the_closest_candidate_is_named(decided, publish, tmp_path):
    missed = ["top1 drops by 0.02, 0.01 is allowed", "size_bytes is 9000, 8000 is allowed"]
    given = decided(winner=None, closest=Closest(name="small", missed=missed))
    with pytest.raises(NothingQualified) as caught:
        publish(*given)
    assert str(caught.value) == (
        "fashion: nothing is promoted, because no candidate meets the limits. The closest is "
        "`small`, which violates: top1 drops by 0.02, 0.01 is allowed; size_bytes is 9000, 8000 is "
        "allowed"
    )
    with pytest.raises(NothingQualified) as caught:
        publish(*decided(winner=None))
    assert str(caught.value) == (
        "fashion: nothing is promoted, because no candidate meets the limits, and none could be "
        "measured. The report says why"
    )
    assert not (tmp_path / "fleet").exists()


def test_another_model_than_the_winner_is_refused(decided, publish):
    decision, model = decided()
    Path(model).write_bytes(b"other")
    with pytest.raises(InputError) as caught:
        publish(decision, model)
    assert str(caught.value) == (
        f"{model} is not the model that won: its SHA-256 is {sha256_of_bytes(b'other')}, the "
        f"decision measured `small` as {sha256_of_bytes(b'model')}. Run the gate again"
    )


def test_an_unknown_winner_is_refused(decided, publish):
    decision, model = decided(winner="tiny")
    with pytest.raises(InputError) as caught:
        publish(decision, model)
    assert str(caught.value) == (
        f"{decision} was changed after it was written: its winner `tiny` is not among its "
        "candidates. Decide again with `quantgate run`, or fetch the file once more"
    )


def test_a_doubtful_run_publishes_nothing(decided, publish, tmp_path):
    decision, model = decided(winner=None)
    doubtful = Decision.read(decision).model_copy(
        update={
            "outcome": DecisionOutcome.DOUBTFUL,
            "candidates": [],
            "doubts": ["the model guesses", "runs are few"],
        }
    )
    doubtful.write(decision)
    with pytest.raises(Doubtful) as caught:
        publish(decision, model)
    assert str(caught.value) == (
        f"{doubtful.name}: nothing is promoted, because the run is doubtful:\n"
        "  - the model guesses\n  - runs are few"
    )
    assert caught.value.exit_code == 5
    assert not (tmp_path / "fleet").exists()


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_latest_that_is_not_a_file_is_not_replaced(decided, publish, tmp_path, kind):
    latest = tmp_path / "fleet" / "latest"
    (tmp_path / "fleet" / "run").mkdir(parents=True)
    latest.symlink_to("run") if kind == "link" else latest.mkdir()
    with pytest.raises(InputError) as caught:
        publish(*decided())
    assert str(caught.value) == (
        f"cannot publish in {tmp_path / 'fleet'}: its `latest` is a folder or a link, as in a "
        "folder of runs. Choose a folder that nothing else writes to"
    )
    assert not (latest / "model.tflite").exists()


def test_a_file_is_not_a_folder(decided, publish, tmp_path):
    occupied = tmp_path / "occupied"
    occupied.write_text("")
    for to, reason in ((occupied, "File exists"), (occupied / "below", "Not a directory")):
        with pytest.raises(InputError) as caught:
            publish(*decided(), to=to)
        assert str(caught.value) == (
            f"cannot publish in {to}: {reason}. Choose a folder that can be written"
        )


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_folder_that_cannot_be_written_is_named(decided, publish):
    with pytest.raises(
        InputError, match=r"^cannot publish in /proc/self: .*\. Choose a folder that"
    ):
        publish(*decided(), to="/proc/self")


def test_credentials_in_the_target_are_refused(decided, publish):
    with pytest.raises(UsageError) as caught:
        publish(*decided(), to="s3://AKIA7:s3cret@bucket/models")
    assert str(caught.value) == (
        "s3://*****:******@bucket/models has credentials in it. Remove them from the URI, and put "
        "them into the environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and run "
        "again"
    )
