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
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_file
from quantgate.records.decision import Decision
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


def test_a_baseline_that_is_kept_is_marked_as_one(decided, publish):
    decision, model = decided(content=b"float", winner=None, promotes="float32")
    promotion = publish(decision, model)
    assert (promotion.candidate, promotion.kept_baseline) == ("float32", True)
    assert promotion.model_sha256 == sha256_of_bytes(b"float")
    assert not publish(*decided()).kept_baseline


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
