"""Metrics in the graph: when evaluations take the baseline, and when they are not cached."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from quantgate.pipelines import compile_pipeline
from quantgate.planning.planner import make_plan
from quantgate.spec.model.spec import Spec

SMALL = {"size_bytes": {"max_ratio": 0.5}}


def measuring(
    kind: str,
    folder: Path,
    cluster: dict[str, Any] | None = None,
    gate: Mapping[str, Any] = SMALL,
    **measure: object,
) -> list[dict[str, Any]]:
    """Return the tasks of a kind in a graph with the sections `measure` and `cluster`."""
    spec = Spec.model_validate(
        {
            "version": 1,
            "name": "digits",
            "model": {"saved_model": "model"},
            "data": {"evaluation": {"source": "test.npz", "label": "y"}},
            "quantize": {"modes": ["float16"]},
            "measure": measure,
            "gate": gate,
            **({"cluster": cluster} if cluster else {}),
        }
    )
    compile_pipeline(make_plan(spec), "0" * 64, folder / "pipeline.yaml")
    document = yaml.load((folder / "pipeline.yaml").read_text(), yaml.CSafeLoader)
    dags = [document["root"]["dag"]]
    dags += [
        component["dag"] for component in document["components"].values() if "dag" in component
    ]
    tasks = [task for dag in dags for task in dag["tasks"].items()]
    return [task for name, task in tasks if name.startswith(kind)]


def evaluations(metrics: list[Any], folder: Path) -> list[dict[str, Any]]:
    """Return the tasks that evaluate the baseline and each candidate."""
    return measuring("evaluate", folder, metrics=metrics)


@pytest.mark.parametrize("kind", ["evaluate", "benchmark"])
@pytest.mark.parametrize("seconds", [90.0, 21600.0])
def test_timeouts_reach_the_tasks_unless_they_are_the_default(
    tmp_path: Path, kind: str, seconds: float
):
    sections = {name: {"timeout_s": seconds} for name in ("evaluation", "latency")}
    tasks = measuring(kind, tmp_path, metrics=["top1"], **sections)
    given = [task["inputs"]["parameters"].get("timeout_s") for task in tasks]
    expected = None if seconds == 21600.0 else {"runtimeValue": {"constant": seconds}}
    assert given == [expected] * len(tasks)
    assert tasks


@pytest.mark.parametrize("metric", ["cosine_similarity", "snr", "agreement"])
def test_evaluations_take_the_baseline_if_a_metric_compares_with_it(tmp_path: Path, metric: str):
    evaluating = evaluations(["top1", metric], tmp_path)
    assert ["baseline" in task["inputs"]["artifacts"] for task in evaluating] == [False, True]


def test_evaluations_do_not_take_the_baseline_if_metrics_use_labels(tmp_path: Path):
    evaluating = evaluations(["top1", "ssim"], tmp_path)
    assert ["baseline" in task["inputs"]["artifacts"] for task in evaluating] == [False, False]
    assert all(task["cachingOptions"] == {"enableCache": True} for task in evaluating)


def test_evaluations_with_user_functions_are_not_cached(tmp_path: Path):
    own = {"metric": "judging:worst_class", "better": "higher"}
    evaluating = evaluations(["top1", own], tmp_path)
    assert len(evaluating) == 2
    assert not any(task["cachingOptions"].get("enableCache") for task in evaluating)


def test_options_of_metrics_reach_the_task_unchanged(tmp_path: Path):
    metric = {"metric": "top_k", "k": 3, "name": "top3", "postprocess": ["softmax"]}
    task, _ = evaluations([metric], tmp_path)
    given = task["inputs"]["parameters"]["metrics"]["runtimeValue"]["constant"]
    assert given == [
        {"metric": "top_k", "name": "top3", "k": 3, "postprocess": [{"apply": "softmax"}]}
    ]


def test_data_sets_have_the_fields_that_metrics_slice_by(tmp_path: Path):
    spec = Spec.model_validate(
        {
            "version": 1,
            "name": "digits",
            "model": {"saved_model": "model"},
            "data": {
                "calibration": {"source": "train.npz"},
                "evaluation": {"source": "test.npz", "label": "y"},
            },
            "quantize": {"modes": ["full_integer"]},
            "measure": {"metrics": [{"metric": "top1", "slice": "device"}, "mse"]},
            "gate": {"top1": {"each_slice": {"max_drop": 0.1}, "slices": {"b": {"min": 0.5}}}},
        }
    )
    compile_pipeline(make_plan(spec), "0" * 64, tmp_path / "pipeline.yaml")
    tasks = yaml.load((tmp_path / "pipeline.yaml").read_text(), yaml.CSafeLoader)["root"]["dag"][
        "tasks"
    ]
    given = [
        task["inputs"]["parameters"]["fields"]["runtimeValue"]["constant"]
        for name, task in tasks.items()
        if name.startswith("build-dataset")
    ]
    assert given == ['{"device": ["b"]}'] * 2
    limits = tasks["gate"]["inputs"]["parameters"]["limits"]["runtimeValue"]["constant"]
    assert limits["top1"] == {"each_slice": {"max_drop": 0.1}, "slices": {"b": {"min": 0.5}}}


@pytest.mark.parametrize(
    ("source", "own_too"), [("test.npz", True), ("test.tfrecord", False)], ids=["npz", "tfrecord"]
)
def test_metrics_are_checked_against_the_data_before_the_loop(
    tmp_path: Path, source: str, own_too: bool
) -> None:
    spec = Spec.model_validate(
        {
            "version": 1,
            "name": "digits",
            "model": {"saved_model": "model", "signatures": ["encode", "decode"]},
            "data": {
                "evaluation": {
                    "source": "test.npz",
                    "label": "y",
                    "signatures": {"decode": {"source": source}},
                }
            },
            "quantize": {"modes": ["float16"]},
            "measure": {
                "latency": None,
                "metrics": [
                    {"metric": "top1", "signature": "encode"},
                    {"metric": "own:worst", "better": "higher", "signature": "decode"},
                ],
            },
            "gate": {"size_bytes": {"max_ratio": 0.5}},
        }
    )
    compile_pipeline(make_plan(spec), "0" * 64, tmp_path / "pipeline.yaml")
    tasks = yaml.load((tmp_path / "pipeline.yaml").read_text(), yaml.CSafeLoader)["root"]["dag"][
        "tasks"
    ]
    (loop,) = [task for name, task in tasks.items() if name.startswith("for-loop")]
    first, last = (tasks[name]["inputs"]["parameters"] for name in sorted(tasks) if "build" in name)
    assert "build-dataset-2" in loop["dependentTasks"]
    assert "metrics" not in first
    checked = [metric["metric"] for metric in last["metrics"]["runtimeValue"]["constant"]]
    assert checked == (["top1", "own:worst"] if own_too else ["top1"])


def loops_over_shards(tmp_path: Path, sections: dict) -> list[list[dict]]:
    """Return the items of each loop over shards in the pipeline of a spec."""
    loops = measuring("for-loop", tmp_path, **sections)
    items = [json.loads(loop["parameterIterator"]["items"]["raw"]) for loop in loops]
    return [loop for loop in items if "shard" in loop[0]]


def test_shards_are_a_loop_inside_that_over_the_candidates(tmp_path: Path):
    measure = {"metrics": ["top1", "snr"], "evaluation": {"shards": 3, "timeout_s": 90.0}}
    scoring = measuring("evaluate-shard", tmp_path, **measure)
    artifacts = [task["inputs"]["artifacts"] for task in scoring]
    assert sorted("baseline" in given for given in artifacts) == [False, True]
    shards = [{"shard": number, "of": 3} for number in (1, 2, 3)]
    assert loops_over_shards(tmp_path, measure) == [shards, shards]
    merging = measuring("merge-shards", tmp_path, **measure)
    assert len(merging) == 2
    for task in merging:
        given = task["inputs"]["parameters"]
        assert given["shards"] == {"runtimeValue": {"constant": 3.0}}
        assert given["timeout_s"] == {"runtimeValue": {"constant": 90.0}}


def test_shards_that_may_stop_early_run_in_rounds(tmp_path: Path):
    evaluation = {"shards": 2, "stop_early": True}
    gate = {"top1": {"max_drop": 0.01}}
    sections = {"metrics": ["top1"], "evaluation": evaluation, "gate": gate}
    items = loops_over_shards(tmp_path, sections)
    assert sorted(items, key=lambda each: each[0].get("round", 0)) == [
        [{"shard": shard, "of": 2, **round_} for shard in (1, 2)]
        for round_ in ({}, *({"round": number, "rounds": 3} for number in (1, 2, 3)))
    ]
    merging = measuring("merge-shards", tmp_path, **sections)
    given = [set(task["inputs"]["artifacts"]) - {"scores", "facts"} for task in merging]
    later = {"reference", "earlier"}
    assert sorted(given, key=len) == [set(), {"reference"}, later, later]
    titles = sorted(task["taskInfo"]["name"] for task in merging)
    assert titles == ["Evaluate", "Evaluate baseline", "Merge round 1", "Merge round 2"]


def test_shards_by_time_state_the_least_work(tmp_path: Path):
    measure = {"metrics": ["top1"], "evaluation": {"shards": "auto"}}
    for first, *others in loops_over_shards(tmp_path, measure):
        assert first == {"shard": 1, "of": len(others) + 1, "least_s": 1800}


@pytest.mark.parametrize("evaluation", [{}, {"shards": 1}])
def test_one_shard_is_an_evaluation(tmp_path: Path, evaluation: dict[str, int]):
    evaluating = measuring("evaluate", tmp_path, metrics=["top1"], evaluation=evaluation)
    assert [task["taskInfo"]["name"] for task in evaluating] == ["Evaluate baseline", "Evaluate"]
    assert not measuring("merge-shards", tmp_path, metrics=["top1"], evaluation=evaluation)


def test_each_shard_is_retried_alone(tmp_path: Path):
    measure = {"metrics": ["top1"], "evaluation": {"shards": 2}}
    for kind in ("evaluate-shard", "merge-shards"):
        tasks = measuring(kind, tmp_path, cluster={"retries": 3}, **measure)
        assert [task["retryPolicy"]["maxRetryCount"] for task in tasks] == [3, 3]
