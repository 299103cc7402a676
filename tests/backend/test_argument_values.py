"""Values of arguments: placeholders, dollars, numbers and items of loops."""

# KFP wants the old spellings.
# ruff: noqa: T201, UP006, UP035

import json
import re
from typing import List

import pytest
from kfp import dsl

from differences.steps import add, component, look, number, say, shell, show

backend_only = pytest.mark.backend

TASK = dsl.PIPELINE_TASK_NAME_PLACEHOLDER
TIME = dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER
ROOT = dsl.PIPELINE_ROOT_PLACEHOLDER
_ECHO = 'mkdir -p "$(dirname "$0")"; printf "%s|" "$@" | tee "$0"'


@dsl.container_component
def echo(out: dsl.OutputPath(str), text: str):
    return shell(_ECHO, out, TASK, f"<{TASK}>", text)


@dsl.container_component
def tell(out: dsl.OutputPath(str), run: str, workflow: str, run_id: str, task_id: str, time: str):
    return shell(_ECHO, out, run, workflow, run_id, task_id, time)


@component
def kinds(numbers: list, table: dict, real: float, whole: int) -> str:
    print(repr([numbers, table, real, whole]))
    return repr([numbers, table, real, whole])


@dsl.pipeline(name="inner")
def inner(text: str):
    say(text=text)


@dsl.pipeline(name="placeholders")
def placeholders(default: str = TASK):
    echo(text=TASK)
    say(text=f"<{TASK}>")
    say(text=ROOT)
    say(text=default)
    show(values=[TASK])
    look(name="TASK").set_env_variable("TASK", TASK)
    inner(text=TASK)


@dsl.pipeline(name="whole")
def whole():
    tell(
        run=dsl.PIPELINE_JOB_NAME_PLACEHOLDER,
        workflow=dsl.PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER,
        run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER,
        task_id=dsl.PIPELINE_TASK_ID_PLACEHOLDER,
        time=TIME,
    )


DOLLARS = "$$ $$$$ $(NAME) $$(NAME) $NAME $("


@dsl.pipeline(name="dollars")
def dollars(given: str):
    say(text=given)
    say(text=DOLLARS)
    say(text=DOLLARS).set_env_variable("NAME", "value")
    look(name="OTHER").set_env_variable("NAME", "value").set_env_variable("OTHER", DOLLARS)


NUMBERS = [1, 2.0, 2.5, 1e30, 2**53 + 1, True, "1"]


@dsl.pipeline(name="numbers")
def numbers(real: float = 3.0, whole: int = 2**53 + 1):
    kinds(numbers=NUMBERS, table={"a": 1.0, "ä": "<&>"}, real=real, whole=whole)
    show(values=[*NUMBERS, "ä<&>"])


@dsl.pipeline(name="loop-over-field")
def loop_over_field(tables: List[dict]):
    with dsl.ParallelFor(tables) as table, dsl.ParallelFor(table.numbers) as item:
        add(a=item, b=1)


@dsl.pipeline(name="loop-over-untyped")
def loop_over_untyped(lists: List[list]):
    with dsl.ParallelFor(lists) as values, dsl.ParallelFor(values) as item:
        number(value=item)


@dsl.pipeline(name="loop-in-text")
def loop_in_text():
    with dsl.ParallelFor(["a", "b"]) as outer, dsl.ParallelFor(["c", "d"]) as item:
        say(text=f"{outer}{item}")


@dsl.pipeline(name="if-field")
def if_field(tables: List[dict]):
    with dsl.ParallelFor(tables) as table, dsl.If(table.n == 2):
        say(text="two")


def outputs_of(run):
    return {path: value for path, task in run.tasks.items() for value in task.outputs.values()}


#: The outputs of the tasks of `placeholders`, which a local run prints.
PLACED = {
    "echo": f"{TASK}|<{TASK}>|echo|",
    "inner/say": "inner",
    "look": TASK,
    "say": f"<{TASK}>",
    "say-2": ROOT,
    "say-3": TASK,
    "show": f'["{TASK}"]',
}


@backend_only
def test_placeholders_that_are_a_whole_input_are_filled_in(backend, compiled):
    run = backend.run(compiled(placeholders), {})
    assert run.phase == "Succeeded"
    given = {path.strip("/"): value.strip() for path, value in outputs_of(run).items()}
    assert given == PLACED


def test_placeholders_are_filled_in_at_the_same_places_here(here, compiled):
    text = compiled(placeholders)
    printed = {
        name.replace(".", "/"): lines[0].strip() for name, lines in here.run(text).printed.items()
    }
    assert printed == PLACED
    assert here.rules(text) == {"environment-cache", "placeholder"}


LITERAL_TIME = re.escape(TIME)
#: The time of a run's creation, by the backend's version.
TIMES = {
    "2.14": LITERAL_TIME,
    "2.15": LITERAL_TIME,
    "2.16": "",
    "2.17": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
}


@backend_only
def test_placeholders_give_the_names_of_a_run(backend, compiled):
    run = backend.run(compiled(whole), {})
    assert run.phase == "Succeeded"
    workflow = json.loads((run.folder / "workflow.json").read_text())
    told = run.tasks["/tell"].inputs
    assert told.pop("task_id").isdigit()
    assert re.fullmatch(TIMES[backend.built.version], told.pop("time"))
    assert told == {
        "run": run.folder.name,
        "workflow": workflow["metadata"]["name"],
        "run_id": run.id,
    }


def test_placeholders_give_the_names_of_a_run_here(here, compiled):
    text = compiled(whole)
    (told,) = here.run(text).printed["tell"]
    assert "{{" not in told
    assert here.rules(text) == {"time-placeholder"}


@backend_only
def test_dollars_are_expanded_twice(backend, compiled):
    run = backend.run(compiled(dollars), {"given": DOLLARS})
    assert run.phase == "Succeeded"
    unnamed, named = "$ $ $(NAME) $(NAME) $NAME $(", "$ $ value value $NAME $("
    assert outputs_of(run) == {
        "/say": unnamed,
        "/say-2": unnamed,
        "/say-3": named,
        "/look": f"{named}\n",
    }


def test_the_linter_refuses_dollars_that_are_expanded(here, compiled):
    assert here.rules(compiled(dollars)) == {"argument-expansion", "environment-cache"}


@backend_only
def test_numbers_are_doubles_and_written_as_go_writes_them(backend, compiled):
    run = backend.run(compiled(numbers), {})
    assert run.phase == "Succeeded"
    assert outputs_of(run) == {
        "/kinds": "[[1, 2, 2.5, 1e+30, 9007199254740992, True, '1'], "
        "{'a': 1, 'ä': '<&>'}, 3, 9007199254740992]",
        "/show": r'[1,2,2.5,1e+30,9007199254740992,true,"1","ä\u003c\u0026\u003e"]',
    }


@backend_only
@pytest.mark.parametrize(
    ("pipeline", "parameters", "reason"),
    [
        (loop_over_field, {"tables": [{"numbers": [1]}]}, "value not found in inputs"),
        (loop_over_untyped, {"lists": [[1]]}, "expect NUMBER_INTEGER, got string"),
        (loop_in_text, {}, "parent DAG does not have input parameter loop-item-param-3"),
    ],
)
def test_inner_loops_with_unsupported_items_fail(backend, compiled, pipeline, parameters, reason):
    run = backend.run(compiled(pipeline), parameters)
    assert run.phase == "Failed"
    (failure,) = run.failures
    assert reason in failure.message


def test_items_of_two_loops_in_a_text_are_refused_here(here, compiled):
    assert "which kfp did not pass to it" in here.refusal(compiled(loop_in_text))


@backend_only
def test_a_field_is_compared_with_a_number(backend, compiled):
    run = backend.run(compiled(if_field), {"tables": [{"n": 1}, {"n": 2}]})
    assert run.phase == "Succeeded"
    states = {path: state for path, state in run.states.items() if path.endswith("condition-2")}
    assert states == {
        "/for-loop-1/0/condition-2": "CANCELED",
        "/for-loop-1/1/condition-2": "COMPLETE",
    }


def test_a_field_is_compared_with_a_number_here(here, compiled):
    run = here.run(compiled(if_field), {"tables": [{"n": 1}, {"n": 2}]})
    assert run.printed["say"] == ["", "two"]
