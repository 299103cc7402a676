"""`quantgate promote`: publish the winner of a run, and roll back."""

from pathlib import Path

import pytest

from quantgate.cli import main
from quantgate.foundation.hashing import sha256_of_bytes

# Google's client does not close the connections of refused requests.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


def version_of(content):
    return sha256_of_bytes(content)[:16]


@pytest.fixture
def run_folder(decided):
    return lambda content: str(Path(decided(content)["decision_path"]).parent)


@pytest.mark.parametrize("to", ["gs://bucket/fleet", "fleet"])
def test_winner_is_published_and_rolled_back(bucket, run_folder, tmp_path, monkeypatch, capsys, to):
    monkeypatch.chdir(tmp_path)
    one, two = version_of(b"one"), version_of(b"two")
    assert main(["promote", run_folder(b"one"), "--to", to]) == 0
    assert main(["promote", f"{run_folder(b'two')}/decision.json", "--to", to]) == 0
    assert main(["promote", "--rollback", to]) == 0
    assert capsys.readouterr().out == (
        f"{to}: `latest` is now version {one}, `small` of fashion\n"
        f"{to}: `latest` is now version {two}, `small` of fashion\n"
        f"{to}: `latest` is version {one} again instead of {two}\n"
    )
    assert main(["promote", "--rollback", to]) == 1
    assert capsys.readouterr().err == (f"error: {to} has no previous version of `latest`\n")


def test_newest_run_is_promoted_by_default(run_folder, tmp_path, capsys):
    runs = tmp_path / "runs" / "fashion"
    runs.mkdir(parents=True)
    (runs / "latest").symlink_to(run_folder(b"one"))
    arguments = ["--runs-dir", str(tmp_path / "runs"), "--to", str(tmp_path / "fleet")]
    assert main(["promote", *arguments]) == 0
    assert main(["promote", str(runs), *arguments]) == 0
    assert (tmp_path / "fleet" / "latest").read_text() == f"{version_of(b'one')}\n"
    assert not (tmp_path / "fleet" / "history").exists()


def test_wrong_usage_of_promote_is_refused(run_folder, tmp_path, capsys):
    folder = run_folder(b"one")
    assert main(["promote", folder, "--rollback", "fleet"]) == 2
    assert capsys.readouterr().err == f"error: --rollback takes no run. Remove {folder}\n"
    Path(folder, "winner", "model.tflite").unlink()
    assert main(["promote", folder, "--to", str(tmp_path / "fleet")]) == 2
    assert capsys.readouterr().err == (
        f"error: the model of {folder} is missing: {folder}/winner/model.tflite. Run again\n"
    )
    assert main(["promote", str(tmp_path / "none"), "--to", "fleet"]) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path / 'none'} does not exist. Start a run with `quantgate run SPEC`\n"
    )


@pytest.mark.parametrize("to", ["", " "])
@pytest.mark.parametrize("option", ["--to", "--rollback"])
def test_target_without_a_name_is_refused(run_folder, tmp_path, monkeypatch, capsys, to, option):
    run = [run_folder(b"one")] if option == "--to" else []
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert main(["promote", *run, option, to]) == 2
    assert capsys.readouterr().err == (
        "error: the folder to publish in has no name. Give a folder or a URI\n"
    )
    assert sorted(tmp_path.iterdir()) == before
