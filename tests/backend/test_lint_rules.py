"""Pipelines that break a rule of `quantgate lint`, on backends."""

from typing import List  # noqa: UP035

import pytest
from kfp import dsl
from kfp.dsl import Artifact, Input, Output

pytestmark = pytest.mark.backend
component = dsl.component(base_image="none", install_kfp_package=False)


@component
def constant(out: Output[Artifact]):
    """Make the same each time."""
    from pathlib import Path

    Path(out.path).write_text("same")


@component
def make(n: int, out: Output[Artifact]):
    """Write a number."""
    from pathlib import Path

    Path(out.path).write_text(str(n))


@component
def content(a: Input[Artifact]) -> str:
    """Return the content of an artifact."""
    from pathlib import Path

    return Path(a.path).read_text()


@component
def count(artifacts: Input[List[Artifact]]) -> int:  # noqa: UP006
    """Return how many artifacts there are."""
    return len(artifacts)


@component
def add(numbers: List[int]) -> int:  # noqa: UP006
    """Return the sum."""
    return int(sum(numbers))


@component
def number(n: int = 1) -> int:
    """Return a number."""
    return n


@component
def echo(text: str) -> str:
    """Return the input."""
    return text


def test_the_cache_makes_a_list_of_one_artifact(backend, compiled) -> None:
    @dsl.pipeline(name="same-artifact")
    def pipeline():
        with dsl.ParallelFor([1, 2, 3]):
            made = constant()
        count(artifacts=dsl.Collected(made.outputs["out"]))

    text = compiled(pipeline)
    first, second = backend.run(text, {}), backend.run(text, {})
    assert first.tasks["/count"].outputs == {"Output": 3}
    assert second.tasks["/for-loop-2/0/constant"].state == "CACHED"
    assert second.phase == "Failed"
    assert second.failures[-1].name.endswith("count-driver")


def test_a_named_loop_cannot_be_collected_from_before_2_16(backend, compiled) -> None:
    @dsl.pipeline(name="loop-name")
    def pipeline():
        with dsl.ParallelFor([1, 2], name="numbers") as item:
            made = number(n=item)
        add(numbers=dsl.Collected(made.output))

    @dsl.pipeline(name="loop-name-alone")
    def alone():
        with dsl.ParallelFor([1, 2], name="numbers") as item:
            number(n=item)

    fixed = backend.built.version >= "2.16"
    assert (backend.run(compiled(pipeline), {}).phase == "Succeeded") == fixed
    assert backend.run(compiled(alone), {}).phase == "Succeeded"


def test_oneof_of_two_artifacts_fails_before_2_17(backend, compiled) -> None:
    @dsl.pipeline(name="oneof-artifact")
    def pipeline(n: int):
        with dsl.If(n == 1):
            one = make(n=1)
        with dsl.Else():
            other = make(n=2)
        content(a=dsl.OneOf(one.outputs["out"], other.outputs["out"]))

    text = compiled(pipeline)
    fixed = backend.built.version >= "2.17"
    assert (backend.run(text, {"n": 1}).phase == "Succeeded") == fixed
    assert backend.run(text, {"n": 2}).tasks["/content"].outputs == {"Output": "2"}


def test_placeholders_and_dollars_in_arguments_are_replaced(backend, compiled) -> None:
    @dsl.pipeline(name="text")
    def pipeline(default: str = "$$"):
        echo(text="a$$b $$$$ $(unknown) $HOME $")
        echo(text=default)
        echo(text=dsl.PIPELINE_ROOT_PLACEHOLDER)
        echo(text=dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER)

    run = backend.run(compiled(pipeline), {})
    echoed = [run.tasks[f"/echo{place}"].outputs["Output"] for place in ("", "-2", "-3", "-4")]
    assert echoed[:3] == ["a$b $ $(unknown) $HOME $", "$", "{{$.pipeline_root}}"]
    placeholder = dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER
    before = {"2.14": placeholder, "2.15": placeholder, "2.16": ""}
    assert echoed[3] == before.get(backend.built.version, echoed[3])
    assert (echoed[3][:2] == "20") == (backend.built.version >= "2.17")


def test_tasks_may_ignore_the_failure_of_others(backend, compiled) -> None:
    @dsl.pipeline(name="exit-task")
    def pipeline():
        one, other, third = number(), number(n=2), number(n=3)
        with dsl.ParallelFor([1, 2]) as item:
            looped = number(n=item)
        echo(text="after nothing").ignore_upstream_failure()
        echo(text="after a loop").after(looped).ignore_upstream_failure()
        echo(text="after one").after(one).ignore_upstream_failure()
        echo(text="after one, too").after(one).ignore_upstream_failure()
        echo(text="after two").after(other, third).ignore_upstream_failure()

    run = backend.run(compiled(pipeline), {})
    assert run.phase == "Succeeded"
    started = sorted(task.outputs["Output"] for path, task in run.tasks.items() if "echo" in path)
    assert started == ["after one, too", "after two", "after two"]
