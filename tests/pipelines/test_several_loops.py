"""Candidates in several loops decide as they do in one."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from kfp import compiler, dsl

from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.pipelines import quantize_and_gate
from quantgate.planning import plan
from quantgate.records.decision import Decision

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
FOLDER = Path(__file__).resolve().parents[2] / "specs" / "inside-a-pipeline"
EXAMPLE = runpy.run_path(str(FOLDER / "pipeline.py"))
MODES = "quantize.modes=[float16, dynamic_range, integer_only_int8]"


def decided(folder: Path) -> tuple[list[str], dict[str, Any]]:
    """Return the keys of the loops, and the decision without its time."""
    folder.mkdir()

    @dsl.pipeline
    def pipeline():
        data = EXAMPLE["prepare"]()
        trained = EXAMPLE["train"](training=data.outputs["training"], epochs=15)
        quantize_and_gate(FOLDER / "digits.yaml", [MODES])(
            model=trained.outputs["model"],
            calibration=data.outputs["training"],
            evaluation=data.outputs["test"],
        )

    compiler.Compiler().compile(pipeline, str(folder / "pipeline.yaml"))
    result = run_pipeline(
        read_pipeline(folder / "pipeline.yaml"),
        {},
        folder / "root",
        folder / "logs",
        cache=folder.parent / "cache",
    )
    assert result.succeeded, [task.error for task in result.tasks]
    (path,) = (folder / "root").rglob("decision")
    loops = [path.name for path in (folder / "root").rglob("for-loop-*")]
    return loops, Decision.read(path).model_dump(exclude={"created"})


def test_three_loops_decide_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loops, at_once = decided(tmp_path / "one")
    assert len(loops) == 1
    monkeypatch.setattr(plan, "MOST_IN_A_LOOP", 1)
    loops, one_by_one = decided(tmp_path / "three")
    assert len(loops) == 3
    assert one_by_one == at_once
    assert len(at_once["candidates"]) == 3
