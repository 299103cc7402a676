"""Artifacts that a cluster takes once, its cache, and pipelines that it refuses."""

# KFP wants the old spellings.
# ruff: noqa: UP006, UP035

from typing import List

import pytest
import yaml
from kfp import dsl
from kfp.dsl import Collected, Dataset, Input

from differences.steps import look, read, read_all, read_both, say, write
from harness.cluster import Refused

backend_only = pytest.mark.backend


@dsl.pipeline(name="reads-two")
def reads_two(one: Input[Dataset], two: Input[Dataset]):
    read(file=one)
    read(file=two)


@dsl.pipeline(name="twice-in-task")
def twice_in_task():
    written = write(text="x")
    read_both(one=written.output, two=written.output)


@dsl.pipeline(name="twice-in-pipeline")
def twice_in_pipeline():
    written = write(text="x")
    reads_two(one=written.output, two=written.output)


@dsl.pipeline(name="twice-by-cache")
def twice_by_cache():
    with dsl.ParallelFor([1, 2], parallelism=1):
        written = write(text="the same")
    read_all(files=Collected(written.output))


@dsl.pipeline(name="reads-each")
def reads_each(files: Input[List[Dataset]]):
    with dsl.ParallelFor(files) as file:
        read(file=file)


@dsl.pipeline(name="loop-over-files")
def loop_over_files():
    with dsl.ParallelFor(["a", "b"]) as text:
        written = write(text=text)
    reads_each(files=Collected(written.output))


@dsl.pipeline(name="named")
def named():
    say(text="x")


def colours(colour):
    @dsl.pipeline(name="colours")
    def pipeline():
        look(name="COLOUR").set_env_variable("COLOUR", colour)

    return pipeline


def nameless(text):
    """Return a compiled pipeline without its name, which kfp would not compile."""
    pipeline = yaml.safe_load(text)
    pipeline["pipelineInfo"]["name"] = ""
    return yaml.safe_dump(pipeline)


@backend_only
@pytest.mark.parametrize("pipeline", [twice_in_task, twice_in_pipeline, twice_by_cache])
def test_an_artifact_cannot_be_an_input_twice(backend, compiled, pipeline):
    run = backend.run(compiled(pipeline), {})
    assert run.phase == "Failed"
    (failure,) = run.failures
    # For tasks, 2.16 looks for an existing execution after the store's refusal.
    looks = backend.built.version >= "2.16" and pipeline is not twice_in_pipeline
    assert ("lookup existing execution" if looks else "AlreadyExists") in failure.message


@pytest.mark.parametrize("pipeline", [twice_in_task, twice_in_pipeline, twice_by_cache])
def test_the_linter_refuses_an_artifact_twice(here, compiled, pipeline):
    assert here.rules(compiled(pipeline)) == {"same-artifact"}


@backend_only
def test_a_loop_over_artifacts_is_refused(backend, compiled):
    with pytest.raises(Refused, match="artifact iterator not implemented yet"):
        backend.run(compiled(loop_over_files), {})


def test_a_loop_over_artifacts_is_refused_here(here, compiled):
    text = compiled(loop_over_files)
    assert "over artifacts (artifactIterator), and KFP refuses it" in here.refusal(text)
    assert "artifact-iterator" in here.rules(text)


@backend_only
def test_a_pipeline_without_a_name_is_refused(backend, compiled):
    with pytest.raises(Refused, match="pipeline spec is invalid"):
        backend.run(nameless(compiled(named)), {})


def test_a_pipeline_without_a_name_is_refused_here(here, compiled):
    text = nameless(compiled(named))
    assert "it has no name (pipelineInfo.name), and KFP refuses it" in here.refusal(text)
    assert here.rules(text) == {"pipeline-name"}


@backend_only
def test_the_cache_does_not_know_environment_variables(backend, compiled):
    runs = [backend.run(compiled(colours(colour)), {}) for colour in ("red", "blue")]
    looked = [run.tasks["/look"] for run in runs]
    assert [task.state for task in looked] == ["COMPLETE", "CACHED"]
    assert [task.outputs["out"].strip() for task in looked] == ["red", "red"]


def test_the_linter_warns_of_variables_in_cached_tasks(here, compiled):
    assert here.rules(compiled(colours("red"))) == {"environment-cache"}
