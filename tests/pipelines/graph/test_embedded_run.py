"""A local run of the example that trains, quantizes, gates and deploys."""

import runpy
from pathlib import Path

import pytest
from kfp import compiler, dsl

from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.pipelines import quantize_and_gate
from quantgate.records.decision import Decision

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
FOLDER = Path(__file__).resolve().parents[3] / "specs" / "inside-a-pipeline"
EXAMPLE = runpy.run_path(str(FOLDER / "pipeline.py"))


@dsl.pipeline
def out_of_reach() -> bool:
    data = EXAMPLE["prepare"]()
    trained = EXAMPLE["train"](training=data.outputs["training"], epochs=15)
    quantized = quantize_and_gate(FOLDER / "digits.yaml", ["gate.size_bytes.max_ratio=0.001"])(
        model=trained.outputs["model"],
        calibration=data.outputs["training"],
        evaluation=data.outputs["test"],
    )
    with dsl.If(quantized.outputs["qualified"] == True):  # noqa: E712
        EXAMPLE["deploy"](model=quantized.outputs["winner"], decision=quantized.outputs["decision"])
    return quantized.outputs["qualified"]


def run(pipeline, folder: Path):
    folder.mkdir()
    compiler.Compiler().compile(pipeline, str(folder / "pipeline.yaml"))
    return run_pipeline(
        read_pipeline(folder / "pipeline.yaml"),
        {},
        folder / "root",
        folder / "logs",
        cache=folder.parent / "cache",
    )


def states(result) -> dict[str, str]:
    return {task.name: task.state.value for task in result.tasks}


def test_only_qualifying_models_are_deployed(tmp_path: Path) -> None:
    shipped = run(EXAMPLE["pipeline"], tmp_path / "shipped")
    assert shipped.succeeded, [task.error for task in shipped.tasks]
    assert states(shipped)["deploy"] == "SUCCEEDED"
    (path,) = (tmp_path / "shipped" / "root").rglob("decision")
    decision = Decision.read(path)
    assert (decision.outcome, decision.winner) == ("winner", "integer_only_int8")

    kept_back = run(out_of_reach, tmp_path / "kept-back")
    assert kept_back.succeeded, [task.error for task in kept_back.tasks]
    assert kept_back.outputs["Output"] is False
    assert states(kept_back)["deploy"] == "SKIPPED"
    anew = {task.name for task in kept_back.tasks if not task.cached}
    assert anew == {"digits.gate", "deploy"}, "the rest is the same work and comes from the cache"
