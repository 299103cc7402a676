"""What KFP's driver and launcher ask of a compiled pipeline, held against all that we compile."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quantgate.pipeline_file import PipelineFile, read_pipeline_file
from quantgate.pipelines import compile_pipeline
from quantgate.pipelines.ir import Task, part, tasks_of
from quantgate.planning import make_plan
from quantgate.spec.model import Spec

REFRESH = runpy.run_path(str(Path(__file__).parent / "goldens" / "refresh.py"))

#: Metrics that compare with the baseline's outputs, and what else adds tasks and inputs.
VARIANTS: dict[str, dict[str, Any]] = {
    "agreement": {"measure": {"metrics": ["top1", "agreement"]}},
    "cosine_similarity": {"measure": {"metrics": ["cosine_similarity"]}},
    "snr": {"measure": {"metrics": ["snr"]}},
    "keras": {"model": {"keras": "model.keras"}},
    "everything": {
        "measure": {"metrics": ["agreement", "snr"], "targets": ["microcontroller"]},
        "promote": {"to": "gs://bucket/models", "when_none_qualifies": "keep_baseline"},
    },
}


def spec_of(sections: dict[str, Any]) -> Spec:
    return Spec.model_validate(
        {
            "version": 1,
            "name": "digits",
            "model": {"saved_model": "gs://bucket/model"},
            "data": {
                "calibration": {"source": "gs://bucket/train.npz"},
                "evaluation": {"source": "gs://bucket/test.npz", "label": "y"},
            },
            "gate": {"size_bytes": {"max_ratio": 0.5}},
            **sections,
        }
    )


@pytest.fixture(scope="module", params=[*REFRESH["STORIES"], *VARIANTS])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PipelineFile:
    path: Path = tmp_path_factory.mktemp("compiled") / "pipeline.yaml"
    if request.param in VARIANTS:
        plan = make_plan(spec_of({"measure": {"metrics": ["top1"]}, **VARIANTS[request.param]}))
        compile_pipeline(plan, "0" * 64, path)
    else:
        REFRESH["compile_story"](request.param, path)
    return read_pipeline_file(path)


def importers(file: PipelineFile) -> Iterator[Task]:
    executors = part(file.document, "deploymentSpec", "executors")
    for task in tasks_of(file):
        if "importer" in part(executors, task.component.get("executorLabel", "")):
            yield task


def test_an_importer_is_called_by_its_key(file: PipelineFile) -> None:
    names = {task.path: task.message["taskInfo"]["name"] for task in importers(file)}
    assert {path: path.rpartition(".")[2] for path in names} == names
    if "model" in part(file.document, "root", "inputDefinitions", "parameters"):
        assert {"import-model", "import-evaluation"} <= set(names)


def test_a_loop_is_called_by_its_key(file: PipelineFile) -> None:
    """KFP's drivers before 2.16 are not told the key of a loop, and go by its name."""
    loops = [task for task in tasks_of(file) if "parameterIterator" in task.message]
    assert loops
    for task in loops:
        assert task.message["taskInfo"]["name"] == task.path.rpartition(".")[2]


def test_no_task_takes_an_artifact_twice(file: PipelineFile) -> None:
    """KFP's metadata store has one input event for an artifact and an execution."""
    for task in tasks_of(file):
        taken = [repr(source) for source in part(task.message, "inputs", "artifacts").values()]
        assert sorted(taken) == sorted(set(taken)), task.place
