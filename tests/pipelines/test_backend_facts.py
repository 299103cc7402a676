"""Requirements of KFP's driver and launcher, checked for all compiled examples."""

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quantgate.foundation.pipeline_file import PipelineFile, read_pipeline_file
from quantgate.pipelines import compile_pipeline
from quantgate.pipelines.ir import Message, Task, part, tasks_of
from quantgate.pipelines.lint.lint import lint
from quantgate.planning.plan import MOST_IN_A_LOOP
from quantgate.planning.planner import make_plan
from quantgate.spec.model.spec import Spec

REFRESH = runpy.run_path(str(Path(__file__).parent / "goldens" / "refresh.py"))

#: Metrics that compare with the baseline's outputs, and what else adds tasks and inputs.
VARIANTS: dict[str, dict[str, Any]] = {
    "agreement": {"measure": {"metrics": ["top1", "agreement"]}},
    "cosine_similarity": {"measure": {"metrics": ["cosine_similarity"]}},
    "snr": {"measure": {"metrics": ["snr"]}},
    "keras": {"model": {"keras": "model.keras"}},
    "200 candidates": {
        "quantize": {
            "modes": [{"mode": "float16", "name": f"candidate-{n}"} for n in range(1, 201)]
        },
        "measure": {"metrics": ["top1"], "targets": ["microcontroller"]},
    },
    "shards": {"measure": {"metrics": ["top1", "snr"], "evaluation": {"shards": 64}}},
    "100 candidates in 10 shards": {
        "quantize": {
            "modes": [{"mode": "float16", "name": f"candidate-{n}"} for n in range(1, 101)]
        },
        "measure": {"metrics": ["top1"], "evaluation": {"shards": 10}},
    },
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


def loops(file: PipelineFile) -> list[Task]:
    return [task for task in tasks_of(file) if "parameterIterator" in task.message]


def items_of(loop: Message) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(loop["parameterIterator"]["items"]["raw"])
    return items


def origin(tasks: dict[str, Task], task: Task, source: Message) -> str:
    """Return the path of the task that makes an input, or "" for an input of the pipeline."""
    around = task.path.rpartition(".")[0]
    for kind in ("taskOutputArtifact", "taskOutputParameter"):
        if kind in source:
            return f"{around}.{source[kind]['producerTask']}".lstrip(".")
    name = source.get("componentInputArtifact") or source.get("componentInputParameter")
    if not around or not name:
        return ""
    inputs = tasks[around].message["inputs"]
    kind = "artifacts" if "componentInputArtifact" in source else "parameters"
    return origin(tasks, tasks[around], inputs[kind][name])


def makers(tasks: dict[str, Task], task: Task) -> set[str]:
    """Return the paths of the tasks that make the artifacts of a task."""
    artifacts = part(task.message, "inputs", "artifacts").values()
    return {origin(tasks, task, source) for source in artifacts} - {""}


def importers(file: PipelineFile) -> Iterator[Task]:
    executors = part(file.document, "deploymentSpec", "executors")
    for task in tasks_of(file):
        if "importer" in part(executors, task.component.get("executorLabel", "")):
            yield task


def test_display_name_of_importers_is_their_key(file: PipelineFile) -> None:
    names = {task.path: task.message["taskInfo"]["name"] for task in importers(file)}
    assert {path: path.rpartition(".")[2] for path in names} == names
    given = part(file.document, "root", "inputDefinitions", "parameters")
    listed = any(task.path == "list-source" for task in tasks_of(file))
    expected = ("model",) if listed else ("model", "evaluation")
    imported = {f"import-{each}" for each in expected if each in given}
    assert imported <= set(names)


def test_display_name_of_loops_is_their_key(file: PipelineFile) -> None:
    """KFP's drivers before 2.16 look up a loop by its name."""
    assert loops(file)
    for task in loops(file):
        assert task.message["taskInfo"]["name"] == task.path.rpartition(".")[2]


def test_no_task_takes_an_artifact_twice(file: PipelineFile) -> None:
    """KFP's metadata store has one input event per artifact and execution."""
    for task in tasks_of(file):
        taken = [repr(source) for source in part(task.message, "inputs", "artifacts").values()]
        assert sorted(taken) == sorted(set(taken)), task.place


def test_a_list_is_collected_over_one_loop_only(file: PipelineFile) -> None:
    """KFP passes a list that is collected over nested loops as one item, or flat."""
    for loop in loops(file):
        outputs = part(loop.component, "dag", "outputs", "artifacts").values()
        makers = {one["producerSubtask"] for each in outputs for one in each["artifactSelectors"]}
        tasks = part(loop.component, "dag", "tasks")
        assert not [key for key in makers if "parameterIterator" in tasks[key]], loop.place


def test_the_linter_finds_no_error(file: PipelineFile) -> None:
    assert not [finding for finding in lint(file) if finding.severity == "error"]


def test_a_collected_list_fits_into_an_argument(file: PipelineFile) -> None:
    """The launcher gets all inputs of a task as one argument, which Linux limits to 128 KiB.

    An artifact takes 550 to 650 bytes of it, or more with a long pipeline root.
    """
    for task in tasks_of(file):
        collected = [
            task.siblings[producer]
            for source in part(task.message, "inputs", "artifacts").values()
            if (producer := part(source, "taskOutputArtifact").get("producerTask"))
            if "parameterIterator" in task.siblings[producer]
        ]
        artifacts = sum(len(items_of(loop)) for loop in collected)
        assert 1_000 * artifacts < 128 * 1024 - 8_000, task.place


def test_the_loops_have_all_candidates_in_order(tmp_path: Path) -> None:
    plan = make_plan(spec_of(VARIANTS["200 candidates"]))
    compile_pipeline(plan, "0" * 64, tmp_path / "pipeline.yaml")
    tasks = read_pipeline_file(tmp_path / "pipeline.yaml").document["root"]["dag"]["tasks"]
    keys = [key for key in tasks if key.startswith("for-loop-")]
    keys.sort(key=lambda key: int(key.rpartition("-")[2]))
    items = [items_of(tasks[key]) for key in keys]
    assert [len(each) for each in items] == [MOST_IN_A_LOOP] * 5
    assert [item for each in items for item in each] == plan.items


def test_the_benchmark_waits_for_everything_else(file: PipelineFile) -> None:
    """Only the gate and the promotion come after it, so that no task disturbs the measurement."""
    for task in tasks_of(file):
        if task.message["componentRef"]["name"] != "comp-benchmark":
            continue
        before = _upstream(task.siblings, task.path.rpartition(".")[2])
        after = {
            part(other, "componentRef")["name"]
            for key, other in task.siblings.items()
            if key not in before
        }
        assert after <= {"comp-benchmark", "comp-gate", "comp-promote"}


def _upstream(siblings: Message, key: str) -> set[str]:
    upstream: set[str] = set()
    for name in siblings[key].get("dependentTasks", []):
        upstream |= {name} | _upstream(siblings, name)
    return upstream


def test_tasks_that_take_an_import_take_its_fingerprint(file: PipelineFile) -> None:
    """KFP's cache identifies an imported artifact by its URI, not by its content."""
    tasks = {task.path: task for task in tasks_of(file)}
    imported = {task.path for task in importers(file)}
    hashed = {
        path: origin(tasks, task, task.message["inputs"]["artifacts"]["artifact"])
        for path, task in tasks.items()
        if task.message["componentRef"]["name"].startswith("comp-fingerprint")
    }
    code = {path for path in imported if path.endswith("import-code")}
    assert sorted(hashed.values()) == sorted(imported - code)
    assert not any(tasks[path].message["cachingOptions"].get("enableCache") for path in hashed)

    def told(path: str) -> set[str]:
        """Return the imports whose fingerprints reach a task, directly or through others."""
        task = tasks[path]
        content = part(task.message, "inputs", "parameters").get("content")
        maker = origin(tasks, task, content) if content else ""
        of_its_own = {hashed[maker]} if content and not maker.startswith("list-source") else set()
        return of_its_own.union(*map(told, makers(tasks, task) - imported))

    for path, task in tasks.items():
        taken = makers(tasks, task) & imported
        if "dag" in task.component or path in hashed or not taken:
            continue
        if taken & code:
            assert task.constants["code_sha256"]
        assert taken - code <= told(path), task.place


def test_loops_take_no_parameters_of_tasks(file: PipelineFile) -> None:
    """`kfp.local` would pass each iteration its item instead."""
    for task in tasks_of(file):
        if "parameterIterator" in task.message:
            for source in part(task.message, "inputs", "parameters").values():
                assert "taskOutputParameter" not in source, task.place
