"""The number of shards that `measure.evaluation.shards: auto` plans."""

import pytest

from quantgate.commands.plan import render
from quantgate.planning import sharding
from quantgate.planning.cluster import on_this_machine
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.planning.sharding import description, shards_of
from quantgate.planning.tasks import PlannedTask, tasks_of
from quantgate.spec.model.gate import Gate
from quantgate.spec.model.spec import Spec


def planned(shards: object = "auto", samples: int | None = None, mode: str = "int16x8") -> Plan:
    return make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "digits",
                "model": {"saved_model": "model"},
                "data": {
                    "calibration": {"source": "few.npz"},
                    "evaluation": {"source": "test.npz", "label": "y", "samples": samples},
                },
                "quantize": {"modes": [mode]},
                "measure": {"metrics": ["top1"], "evaluation": {"shards": shards}},
                "gate": {},
            }
        )
    )


def test_shards_follow_the_samples_and_the_slowest_kernels():
    assert shards_of(planned(samples=10_000)) == 6
    assert shards_of(planned(samples=10_000, mode="dynamic_range")) == 1
    assert shards_of(planned()) == 28
    assert shards_of(planned(shards=5, samples=10_000)) == 5
    tasks = tasks_of(planned(samples=40_000))
    assert PlannedTask("Evaluate shard", 23) in tasks
    assert PlannedTask("Evaluate baseline shard", 3) in tasks


@pytest.mark.parametrize(
    ("evaluation", "shards"), [({}, 4), ({"shards": 1}, 1), ({"shards": 2}, 2)]
)
def test_data_in_parts_has_as_many_shards_unless_the_spec_names_a_number(evaluation, shards):
    spec = planned(shards=1).spec.model_dump(exclude_unset=True)
    spec["data"]["evaluation"] = {"source": "test.npz", "label": "y", "shards": 4}
    spec["measure"]["evaluation"] = evaluation
    assert shards_of(make_plan(Spec.model_validate(spec))) == shards


def test_rounds_are_tasks():
    plan = planned(shards=4)
    early = plan.spec.measure.evaluation.model_copy(update={"stop_early": True})
    measure = plan.spec.measure.model_copy(update={"evaluation": early})
    limits = Gate.model_validate({"top1": {"max_drop": 0.01}})
    spec = plan.spec.model_copy(update={"measure": measure, "gate": limits})
    tasks = {task.title: task.times for task in tasks_of(make_plan(spec))}
    assert tasks["Evaluate shard"] == 12
    assert tasks["Evaluate baseline shard"] == 4
    assert (tasks["Merge round 1"], tasks["Merge round 2"], tasks["Evaluate"]) == (1, 1, 1)


def test_the_plan_explains_the_number():
    assert description(planned(samples=10_000)).startswith(
        "up to 6 on a cluster, for 10,000 samples on slow 16-bit kernels. A candidate uses as many "
        "as have 30 minutes of work each, by the time of its trial run. "
    )
    assumed = "for 50,000 samples, assumed because data.evaluation.samples is not set"
    assert assumed in description(planned(mode="dynamic_range"))
    assert "\nmeasure.evaluation.shards\n  up to 28 on a cluster" in render(planned())
    assert not description(planned(shards=5))


@pytest.mark.parametrize(("processors", "shards"), [(1, 1), (8, 1), (9, 2), (64, 8)])
def test_a_local_run_has_a_shard_for_each_eight_processors(monkeypatch, processors, shards):
    monkeypatch.setattr(sharding, "processors", lambda: processors)
    local = make_plan(on_this_machine(planned().spec))
    assert shards_of(local) == shards
    assert not description(local)
    assert description(planned()).endswith(f". {shards} in a run on this machine")


def test_a_local_run_keeps_a_given_number():
    spec = planned(shards=5).spec
    assert on_this_machine(spec) == spec
    without = spec.model_copy(
        update={"measure": spec.measure.model_copy(update={"evaluation": None})}
    )
    assert on_this_machine(without) == without
    assert shards_of(make_plan(without)) == 1
