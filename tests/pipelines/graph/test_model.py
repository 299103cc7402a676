"""The model in the graph: a SavedModel, or a Keras file that is exported first."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from quantgate.pipelines import compile_pipeline
from quantgate.planning.plan import run_parameters
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import EXPORT_MODEL, tasks_of
from quantgate.spec.model.spec import Spec


def compiled(model: dict[str, Any], folder: Path) -> dict[str, Any]:
    plan = make_plan(spec_with(model))
    compile_pipeline(plan, "0" * 64, folder / "pipeline.yaml")
    return yaml.load((folder / "pipeline.yaml").read_text(), yaml.CSafeLoader)["root"]["dag"][
        "tasks"
    ]


def spec_with(model: dict[str, Any]) -> Spec:
    return Spec.model_validate(
        {
            "version": 1,
            "name": "digits",
            "model": model,
            "data": {
                "calibration": {"source": "train.npz"},
                "evaluation": {"source": "test.npz", "label": "y"},
            },
            "measure": {"metrics": ["top1"]},
            "gate": {"top1": {"max_drop": 0.01}},
        }
    )


def origin(task: dict[str, Any], name: str) -> str:
    return task["inputs"]["artifacts"][name]["taskOutputArtifact"]["producerTask"]


@pytest.mark.parametrize(
    ("model", "source"),
    [({"saved_model": "model"}, "import-model"), ({"keras": "model.keras"}, "export-model")],
)
def test_all_tasks_take_the_same_saved_model(tmp_path: Path, model: dict[str, Any], source: str):
    tasks = compiled(model, tmp_path)
    assert origin(tasks["convert-baseline"], "model") == source
    loop = tasks["for-loop-2"]["inputs"]["artifacts"]
    assert source in {given["taskOutputArtifact"]["producerTask"] for given in loop.values()}


def test_a_keras_file_is_a_run_parameter_and_exported_once(tmp_path: Path):
    plan = make_plan(spec_with({"keras": "gs://models/digits.keras"}))
    assert run_parameters(plan)["model"] == "gs://models/digits.keras"
    assert [task.times for task in tasks_of(plan) if task.title == EXPORT_MODEL] == [1]
    tasks = compiled({"keras": "model.keras"}, tmp_path)
    assert tasks["export-model"]["taskInfo"]["name"] == EXPORT_MODEL
    given = tasks["convert-baseline"]["inputs"]["parameters"]["source_sha256"]
    assert given["taskOutputParameter"]["producerTask"] == "export-model"


def test_tags_and_signatures_reach_the_task_that_opens_the_saved_model(tmp_path: Path):
    model = {"saved_model": "model", "tags": ["serve", "tpu"], "signatures": ["serve"]}
    given = compiled(model, tmp_path)["convert-baseline"]["inputs"]["parameters"]
    assert given["tags"]["runtimeValue"]["constant"] == ["serve", "tpu"]
    assert given["signatures"]["runtimeValue"]["constant"] == ["serve"]


@pytest.mark.parametrize("kind", ["saved_model", "keras"])
def test_a_batch_size_reaches_the_conversion(tmp_path: Path, kind: str):
    convert = compiled({kind: "model", "batch": "dynamic"}, tmp_path)["convert-baseline"]
    assert convert["inputs"]["parameters"]["batch"]["runtimeValue"]["constant"] == "dynamic"
    convert = compiled({kind: "model"}, tmp_path)["convert-baseline"]
    assert "batch" not in convert["inputs"]["parameters"]


def test_the_model_to_calibrate_comes_from_the_baseline_conversion(tmp_path: Path):
    calibrate = compiled({"saved_model": "model"}, tmp_path)["calibrate"]
    assert origin(calibrate, "prepared") == origin(calibrate, "facts") == "convert-baseline"
    assert "model" not in calibrate["inputs"]["artifacts"]
