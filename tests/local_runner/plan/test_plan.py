"""The plan of a run agrees with the run."""

import pytest
from kfp import dsl

from quantgate.local_runner import read_pipeline
from quantgate.local_runner.plan.prepare import prepare
from quantgate.local_runner.records.events import RunStarted

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@dsl.component(base_image="image:1", install_kfp_package=False)
def say(text: str) -> str:
    return text


@dsl.pipeline(name="inner")
def inner(text: str, times: list[str] = ["once"]):  # noqa: B006
    with dsl.ParallelFor(times):
        say(text=text)


@dsl.pipeline(name="planned")
def planned(texts: list[str], choice: str = "a"):
    with dsl.If(choice == "a"):
        say(text="first branch")
    with dsl.Else():
        say(text="second branch")
    with dsl.ParallelFor(texts) as text:
        inner(text=text)


def test_each_task_has_its_place_and_its_known_inputs(compiled):
    prepared = prepare(read_pipeline(compiled(planned)), {"texts": ["x", "y"]}, None)
    assert prepared.inputs.parameters == {"texts": ["x", "y"], "choice": "a"}
    steps = [(step.record.name, str(step.place.folder), step.place.items) for step in prepared.plan]
    assert steps == [
        ("say", "condition-branches-1/condition-2/say", ()),
        ("say-2", "condition-branches-1/condition-3/say-2", ()),
        ("inner.say", "for-loop-4/0/inner/for-loop-1/0/say", ('"x"', '"once"')),
        ("inner.say", "for-loop-4/1/inner/for-loop-1/0/say", ('"y"', '"once"')),
    ]
    texts = [step.known.parameters.get("pipelinechannel--text") for step in prepared.plan]
    assert texts == [None, None, "x", "y"]
    skipped = "skipped, because `!(choice == 'a')` does not hold: choice is a"
    assert [step.record.skipped for step in prepared.plan] == [None, skipped, None, None]


def test_a_condition_on_a_part_of_a_loop_item_is_planned_as_it_is_run(run, states):
    @dsl.pipeline(name="parts")
    def pipeline(items: list[dict]):
        with dsl.ParallelFor(items) as item, dsl.If(item.n == 2):
            say(text="taken")

    events = []
    result = run(pipeline, observer=events.append, items=[{"n": 1}, {"n": 2.0}, {"n": "2"}])
    started = next(event for event in events if isinstance(event, RunStarted))
    planned_states = {
        (task.name, task.iteration): "SKIPPED" if task.skipped else "SUCCEEDED"
        for task in started.tasks
    }
    assert planned_states == states(result)
