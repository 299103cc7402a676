"""KFP's own local runner as an independent witness: the same IR, the same decision."""

from pathlib import Path
from typing import Any

import pytest
from kfp import local
from kfp.components import load_component_from_file

from quantgate.decision import Decision, Entry

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:You may be attemping:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def without_clock(entry: Entry) -> dict[str, Any]:
    """Everything about an entry that two runs must agree on."""
    figures = {
        name: value for name, value in entry.measurements.items() if not name.startswith("latency_")
    }
    return {**entry.model_dump(), "measurements": figures}


def test_kfp_local_reaches_the_same_decision(example: Path, quantgate, tmp_path: Path) -> None:
    spec = example / "quantgate.yaml"
    done = quantgate("run", spec, "--runs-dir", tmp_path / "runs")
    assert done.returncode == 0, done.stdout + done.stderr
    run = tmp_path / "runs" / "digits" / "latest"
    ours = Decision.read(run / "decision.json")

    local.init(
        runner=local.SubprocessRunner(use_venv=False), pipeline_root=str(tmp_path / "kfp-local")
    )
    pipeline = load_component_from_file(str(run / "pipeline.yaml"))
    finished = pipeline(
        model=str(example / "saved_model"),
        calibration=str(example / "calibration.npz"),
        evaluation=str(example / "evaluation.npz"),
        promote_to=str(tmp_path / "promoted"),
    )
    theirs = Decision.read(finished.outputs["decision"].path)

    assert (theirs.outcome, theirs.winner) == (ours.outcome, ours.winner)
    assert without_clock(theirs.baseline) == without_clock(ours.baseline)
    assert [without_clock(entry) for entry in theirs.candidates] == [
        without_clock(entry) for entry in ours.candidates
    ]
    assert theirs.provenance == ours.provenance
    version = (tmp_path / "promoted" / "latest").read_text()
    assert version == (example / "promoted" / "latest").read_text()
