"""Promotion: whole or not at all, whatever happens and whenever."""

import multiprocessing
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from quantgate.components.promote.versions import Promotion
from quantgate.components.promote.work import promote
from quantgate.errors import Doubtful, InputError, NothingQualified, UsageError
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_file
from quantgate.records.decision import Closest, Decision
from quantgate.records.outcomes import DecisionOutcome
from quantgate.report import card


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


def test_a_version_holds_model_decision_and_manifest(decided, publish, tmp_path):
    decision, model = decided()
    promotion = publish(decision, model)
    version = sha256_of_bytes(b"model")[:16]
    folder = tmp_path / "fleet" / version
    assert sorted(path.name for path in (tmp_path / "fleet").iterdir()) == [version, "latest"]
    assert (tmp_path / "fleet" / "latest").read_text() == f"{version}\n"
    assert (folder / "model.tflite").read_bytes() == b"model"
    assert (folder / "decision.json").read_bytes() == Path(decision).read_bytes()
    assert (folder / "README.md").read_text() == card.render(Decision.read(decision))
    assert Promotion.read(folder / "manifest.json") == promotion
    assert (promotion.version, promotion.name, promotion.candidate) == (version, "fashion", "small")
    assert promotion.model_sha256 == sha256_of_bytes(b"model")
    assert promotion.decision_sha256 == sha256_of_file(decision)
    assert promotion.files["model.tflite"].size_bytes == 5


def test_a_repeat_changes_nothing(decided, publish, tmp_path):
    first = publish(*decided())
    before = contents(tmp_path / "fleet")
    assert publish(*decided()) == first
    assert contents(tmp_path / "fleet") == before


def test_a_version_keeps_the_decision_it_was_published_with(decided, publish, tmp_path):
    first = publish(*decided())
    before = contents(tmp_path / "fleet")
    assert publish(*decided(created="2025-02-01")) == first
    assert contents(tmp_path / "fleet") == before


def test_latest_can_go_back_to_an_earlier_version(decided, publish, tmp_path, check_fleet):
    old, new = publish(*decided(b"old")), publish(*decided(b"new"))
    assert (tmp_path / "fleet" / "latest").read_text() == f"{new.version}\n"
    publish(*decided(b"old"))
    assert (tmp_path / "fleet" / "latest").read_text() == f"{old.version}\n"
    check_fleet(tmp_path / "fleet", {old.version, new.version})


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


@pytest.mark.parametrize("manifest", ["{}", "[]", "no JSON", '{"name": 3}'])
def test_a_target_without_a_name_accepts_any_spec(decided, publish, tmp_path, manifest):
    old = publish(*decided()).version
    (tmp_path / "fleet" / old / "manifest.json").write_text(manifest)
    new = publish(*decided(b"other", name="digits")).version
    assert (tmp_path / "fleet" / "latest").read_text() == f"{new}\n"


@pytest.mark.parametrize("damage", ["model.tflite", "decision.json", "README.md", "manifest.json"])
def test_a_damaged_version_is_published_again(
    decided, publish, tmp_path, damage, caplog, check_fleet
):
    version = publish(*decided()).version
    folder = tmp_path / "fleet" / version
    (folder / damage).write_bytes(b"{}")
    publish(*decided())
    check_fleet(tmp_path / "fleet", {version})
    assert (folder / "model.tflite").read_bytes() == b"model"
    assert sorted(path.name for path in (tmp_path / "fleet").iterdir()) == [version, "latest"]
    assert caplog.messages == [f"{folder / damage} is damaged and is published again"]


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


def test_a_baseline_that_is_kept_is_marked_as_one(decided, publish):
    decision, model = decided(content=b"float", winner=None, promotes="float32")
    promotion = publish(decision, model)
    assert (promotion.candidate, promotion.kept_baseline) == ("float32", True)
    assert promotion.model_sha256 == sha256_of_bytes(b"float")
    assert not publish(*decided()).kept_baseline


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


def killed_at(event_number, arguments):
    """Promote in a child that is killed before its n-th file operation. Return whether it was."""
    child = multiprocessing.get_context("fork").Process(
        target=_promote_and_die, args=(event_number, arguments)
    )
    child.start()
    child.join(60)
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def _promote_and_die(event_number, arguments):
    seen = 0

    def count(event, _):
        nonlocal seen
        if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.copyfile"):
            seen += 1
            if seen == event_number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    promote(**arguments)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_kill_at_any_moment_leaves_no_half_version(
    decided, publish, tmp_path, damaged, check_fleet
):
    old = publish(*decided(b"old")).version
    if damaged:
        (tmp_path / "fleet" / sha256_of_bytes(b"new")[:16]).mkdir()
    decision, model = decided(b"new")
    new, points = sha256_of_bytes(b"new")[:16], 0
    template = tmp_path / "template"
    (tmp_path / "fleet").rename(template)
    while True:
        fleet = tmp_path / "fleet"
        shutil.rmtree(fleet, ignore_errors=True)
        shutil.copytree(template, fleet)
        points += 1
        arguments = {"winner_path": model, "to": str(fleet), "manifest_path": str(tmp_path / "m")}
        killed = killed_at(points, {"decision_path": decision, **arguments})
        half = fleet / new
        if damaged and half.is_dir() and not any(half.iterdir()):
            half.rmdir()
        check_fleet(fleet, {old, new} if half.is_dir() else {old})
        publish(decision, model)
        assert (fleet / "latest").read_text() == f"{new}\n"
        assert list(fleet.glob(".*")) == []
        check_fleet(fleet, {new})
        if not killed:
            break
    assert points > 15


def compiled_folder(tmp_path, content=b"npu"):
    folder = tmp_path / "compiled"
    folder.mkdir(exist_ok=True)
    (folder / "ethos_u.tflite").write_bytes(content)
    (folder / "ethos_u.h").write_text("// header")
    (folder / "targets.json").write_text("{}")
    return str(folder)


def promote_compiled(tmp_path, decision, model, compiled):
    manifest = tmp_path / "promotion.json"
    promote(
        decision,
        winner_path=model,
        to=str(tmp_path / "fleet"),
        manifest_path=str(manifest),
        compiled_path=compiled,
    )
    return Promotion.read(manifest)


def test_compiled_models_are_published_beside_the_model(decided, tmp_path):
    promotion = promote_compiled(tmp_path, *decided(), compiled_folder(tmp_path))
    version = tmp_path / "fleet" / promotion.version
    assert sorted(promotion.files) == [
        "README.md",
        "decision.json",
        "ethos_u.h",
        "ethos_u.tflite",
        "model.tflite",
    ]
    assert (version / "ethos_u.tflite").read_bytes() == b"npu"
    assert promotion.files["ethos_u.tflite"].sha256 == sha256_of_bytes(b"npu")


def test_other_compiled_models_make_another_version(decided, publish, tmp_path):
    plain = publish(*decided())
    compiled = promote_compiled(tmp_path, *decided(), compiled_folder(tmp_path))
    before = contents(tmp_path / "fleet" / compiled.version)
    newer = promote_compiled(tmp_path, *decided(), compiled_folder(tmp_path, b"of a newer Vela"))
    versions = [plain.version, compiled.version, newer.version]
    assert len(set(versions)) == 3
    assert all(version.startswith(plain.version) for version in versions)
    assert contents(tmp_path / "fleet" / compiled.version) == before
    assert (tmp_path / "fleet" / "latest").read_text() == f"{newer.version}\n"
    history = (tmp_path / "fleet" / "history").read_text().split()
    assert history == versions
    assert promote_compiled(tmp_path, *decided(), compiled_folder(tmp_path)) == compiled


def test_credentials_in_the_target_are_refused(decided, publish):
    with pytest.raises(UsageError) as caught:
        publish(*decided(), to="s3://AKIA7:s3cret@bucket/models")
    assert str(caught.value) == (
        "s3://*****:******@bucket/models has credentials in it. Remove them from the URI, and put "
        "them into the environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and run "
        "again"
    )
