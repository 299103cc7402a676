"""The folder of a run."""

from pathlib import Path

import pytest

from quantgate.errors import InputError, UsageError
from quantgate.report.previous import IN_CONTENTS, IN_PAGE
from quantgate.runs.decided import decided_run, newest_decided, read_decision
from quantgate.runs.folder import RunFolder, RunRecord, create_run, keep_results

DECISION = """{
  "version": 1, "name": "digits", "created": "2026-01-01T00:00:00Z", "outcome": "none_qualified",
  "winner": null, "summary": "nothing qualified",
  "baseline": {"name": "float32", "mode": "float32", "status": "measured", "reasons": [],
               "model_sha256": null, "measurements": {}},
  "candidates": [], "limits": {}, "choose": [],
  "provenance": {"quantgate": "0", "tensorflow": "0", "litert": "0", "processor": "x",
                 "spec_sha256": "", "saved_model_sha256": "", "calibration_sha256": null,
                 "evaluation_sha256": "", "evaluation_samples": 1}
}"""


def write_results(folder: Path, winner: bytes) -> dict[str, Path]:
    paths = {name: folder / name for name in ("decision", "report", "page", "winner")}
    for path in paths.values():
        path.write_bytes(b"x")
    paths["decision"].write_text(DECISION)
    paths["compiled"] = folder / "compiled"
    paths["compiled"].mkdir(exist_ok=True)
    paths["winner"].write_bytes(winner)
    return paths


def test_runs_started_in_the_same_second_do_not_collide(tmp_path: Path) -> None:
    runs = {create_run(tmp_path, "digits").path for _ in range(5)}
    assert len(runs) == 5
    assert all(path.parent == tmp_path / "digits" for path in runs)


def test_latest_points_only_to_runs_with_a_decision(tmp_path: Path) -> None:
    first = create_run(tmp_path / "runs", "digits")
    keep_results(first, **write_results(tmp_path, b"model"))
    second = create_run(tmp_path / "runs", "digits")
    latest = tmp_path / "runs" / "digits" / "latest"
    assert latest.resolve() == first.path
    keep_results(second, **write_results(tmp_path, b"model"))
    assert latest.resolve() == second.path
    assert latest.readlink() == Path(second.path.name)
    assert newest_decided(tmp_path / "runs") == second.path


def test_reports_list_the_changes_since_the_previous_run(tmp_path: Path) -> None:
    runs = [create_run(tmp_path / "runs", "digits") for _ in range(2)]
    for number, run in enumerate(runs):
        results = write_results(tmp_path, b"model")
        changed = DECISION.replace('"litert": "0"', f'"litert": "2.{number}.0"')
        results["decision"].write_text(changed)
        results["page"].write_text(f"<nav>{IN_CONTENTS}</nav>{IN_PAGE}")
        keep_results(run, **results)
    first, second = runs
    assert first.page.read_text("utf-8") == f"<nav>{IN_CONTENTS}</nav>{IN_PAGE}"
    page = second.page.read_text("utf-8")
    assert f'href="../{first.path.name}/report.html"' in page
    assert (second.path / f"../{first.path.name}/report.html").resolve() == first.page
    assert "2.0.0 -&gt; 2.1.0" in page
    assert "| LiteRT | 2.0.0 -&gt; 2.1.0 |" in second.report.read_text("utf-8")


def test_a_previous_run_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    first, second = (create_run(tmp_path / "runs", "digits") for _ in range(2))
    keep_results(first, **write_results(tmp_path, b"model"))
    first.decision.write_text("{")
    keep_results(second, **write_results(tmp_path, b"model"))
    assert second.report.read_text("utf-8") == "x"


def test_without_a_winner_there_is_no_model(tmp_path: Path) -> None:
    run = create_run(tmp_path / "runs", "digits")
    keep_results(run, **write_results(tmp_path, b""))
    assert not run.winner.exists()
    assert {path.name for path in run.path.iterdir()} == {
        "decision.json",
        "report.md",
        "report.html",
    }


def test_a_decision_is_read_from_a_file_run_or_model_folder(tmp_path: Path) -> None:
    run = create_run(tmp_path / "runs", "digits")
    keep_results(run, **write_results(tmp_path, b"model"))
    for place in (run.decision, run.path, run.path.parent):
        assert read_decision(place).name == "digits"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("running", "is a run without a decision: it is still in progress, or it was killed"),
        (
            "interrupted",
            "is a run that was interrupted before a decision. See its logs folder",
        ),
        ("failed", "is a run that failed before a decision. See its logs folder"),
    ],
)
def test_a_run_without_a_decision_is_refused(tmp_path: Path, state: str, expected: str) -> None:
    run = create_run(tmp_path, "digits")
    RunRecord(state=state).write(run.record)
    with pytest.raises(UsageError) as caught:
        read_decision(run.path)
    assert str(caught.value) == f"{run.path} {expected}"


def test_folders_without_runs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_decision(tmp_path / "nowhere")
    assert str(caught.value) == (
        f"{tmp_path / 'nowhere'} does not exist. Start a run with `quantgate run SPEC`"
    )
    with pytest.raises(UsageError) as caught:
        read_decision(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} is not a run: it has neither a decision.json nor a latest run. "
        "`quantgate runs ls` lists the runs"
    )
    with pytest.raises(UsageError) as caught:
        newest_decided(tmp_path)
    assert str(caught.value) == (
        f"there is no run with a decision in {tmp_path}. Start one with `quantgate run SPEC`"
    )


def test_a_file_as_runs_folder_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "runs"
    place.write_text("")
    with pytest.raises(UsageError) as caught:
        create_run(place, "digits")
    assert str(caught.value) == (
        f"cannot write the runs folder {place}: Not a directory. Choose another one with --runs-dir"
    )


def test_a_latest_that_is_not_a_link_is_refused_before_the_run(tmp_path: Path) -> None:
    latest = tmp_path / "digits" / "latest"
    latest.parent.mkdir()
    latest.write_text("0123456789abcdef")
    with pytest.raises(UsageError) as caught:
        create_run(tmp_path, "digits")
    assert str(caught.value) == (
        f"{latest} is not a link to a run, so it is not replaced by one: move it away, keep "
        "`promote.to` out of the runs folder, or choose another runs folder with --runs-dir"
    )
    assert [path.name for path in latest.parent.iterdir()] == ["latest"]


def test_a_latest_written_by_a_promotion_is_kept(tmp_path: Path) -> None:
    run = create_run(tmp_path / "runs", "digits")
    latest = run.path.parent / "latest"
    latest.write_text("0123456789abcdef")
    keep_results(run, **write_results(tmp_path, b"model"))
    assert latest.read_text() == "0123456789abcdef"
    assert read_decision(run.path).name == "digits"


def test_an_invalid_decision_file_is_reported_in_one_line(tmp_path: Path) -> None:
    place = tmp_path / "decision.json"
    place.write_text('{"version": 1}')
    with pytest.raises(InputError) as caught:
        read_decision(place)
    assert str(caught.value) == f"{place} is not a Decision record: name: Field required"


def test_paths_of_a_run_folder() -> None:
    run = RunFolder(Path("runs/digits/now"))
    assert run.winner == Path("runs/digits/now/winner/model.tflite")


@pytest.fixture
def two_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Runs of two specs in one folder, of which that of `sounds` is the newest."""
    monkeypatch.chdir(tmp_path)
    runs = {}
    for name in ("digits", "sounds"):
        runs[name] = create_run(tmp_path / "runs", name).path
        keep_results(RunFolder(runs[name]), **write_results(tmp_path, b"model"))
        (tmp_path / f"{name}.yaml").write_text(f"version: 1\nname: {name}\n")
    return runs


def test_a_spec_stands_for_its_newest_run(two_models: dict[str, Path]) -> None:
    assert decided_run(Path("digits.yaml"), Path("runs")) == two_models["digits"]


def test_without_a_run_the_usual_spec_decides(two_models: dict[str, Path]) -> None:
    assert decided_run(None, Path("runs")) == two_models["sounds"]
    Path("digits.yaml").rename("quantgate.yaml")
    assert decided_run(None, Path("runs")) == two_models["digits"]


def test_a_usual_spec_without_runs_leaves_the_newest_run(two_models: dict[str, Path]) -> None:
    Path("quantgate.yaml").write_text("version: 1\nname: other\n")
    assert decided_run(None, Path("runs")) == two_models["sounds"]
    Path("quantgate.yaml").write_text("[")
    assert decided_run(None, Path("runs")) == two_models["sounds"]


def test_a_spec_without_runs_is_wrong_usage(two_models: dict[str, Path]) -> None:
    Path("other.yaml").write_text("version: 1\nname: other\n")
    with pytest.raises(UsageError, match=r"Start one with `quantgate run other\.yaml`"):
        decided_run(Path("other.yaml"), Path("runs"))
