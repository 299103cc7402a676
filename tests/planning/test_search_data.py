"""The samples that recovery and the search choose by, and their place in the plan."""

from typing import Any

from quantgate.commands.plan import render
from quantgate.planning.cluster import key_of
from quantgate.planning.plan import Plan, run_parameters
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import tasks_of
from quantgate.spec.model.spec import Spec


def plan_of(
    data: dict[str, Any] | None = None, gate: dict[str, Any] | None = None, **quantize: Any
) -> Plan:
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "test",
                "model": {"tflite": "model.tflite"},
                "data": {
                    "calibration": {"source": "train.csv", "samples": 100},
                    "evaluation": {"source": "test.csv", "label": "y", "classes": ["a", "b"]},
                    "search": data or {"source": "val.csv", "label": "y"},
                },
                "quantize": {"recipes": ["static_wi8_ai8"], **quantize},
                "measure": {"metrics": ["top5", {"metric": "top1", "slice": "who"}]},
                "gate": gate or {"top1": {"max_drop": 0.01}},
            }
        )
    )


def test_models_are_scored_by_the_first_metric_with_a_limit_without_slices() -> None:
    data = plan_of(recover={}).search_data
    assert data is not None
    assert (data.metric.title, data.metric.slice, data.fields) == ("top1", None, {})


def test_without_a_limit_they_are_scored_by_the_first_metric() -> None:
    plan = plan_of(gate={"size_bytes": {"max_ratio": 0.5}}, recover={})
    assert plan.search_data is not None
    assert plan.search_data.metric.title == "top5"


def test_search_data_has_the_classes_of_the_evaluation_if_it_has_its_label() -> None:
    data = plan_of(recover={}).search_data
    assert data is not None
    assert data.samples.data.classes == ["a", "b"]
    other = plan_of({"source": "val.csv", "label": "z"}, recover={}).search_data
    assert other is not None
    assert other.samples.data.classes is None


def test_search_data_is_a_run_parameter_and_built_once() -> None:
    plan = plan_of(recover={})
    assert run_parameters(plan)["search"] == "val.csv"
    assert key_of(plan, "search") == "data.search.source"
    assert [task.times for task in tasks_of(plan) if task.title == "Build search set"] == [1]


def test_search_data_without_candidates_to_choose_is_not_built() -> None:
    assert plan_of().search_data is None


def test_the_plan_says_by_what_models_are_scored() -> None:
    shown = " ".join(render(plan_of(recover={}, search={})).split())
    assert "data.search models are scored by top1 on val.csv" in shown
    assert "found in up to 10 runs of the calibration set and data.search each" in shown
    assert "search-1 meets the limit of top1 with a confidence of 95%" in shown
