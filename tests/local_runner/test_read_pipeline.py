"""What the local runner cannot run is refused by name, before anything runs."""

import json

import pytest
import yaml
from kfp import dsl
from kfp.dsl import Dataset, Input, Output

from quantgate.errors import PipelineError
from quantgate.local_runner import read_pipeline

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def number(a: int = 1) -> int:
    return a


@component
def write(text: str, out: Output[Dataset]):
    pass


@dsl.pipeline(name="small")
def small(a: int = 1) -> int:
    return number(a=a).output


def refusal(path) -> str:
    with pytest.raises(PipelineError) as caught:
        read_pipeline(path)
    return str(caught.value)


def edited(path, change) -> str:
    document = yaml.safe_load(path.read_text("utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document), "utf-8")
    return refusal(path)


def problems(path) -> list[str]:
    first, *listed = refusal(path).splitlines()
    assert first == f"{path}: the local runner cannot run this pipeline:"
    return [line.strip() for line in listed]


def test_everything_unknown_is_listed_at_once(compiled):
    @component
    def status(final: dsl.PipelineTaskFinalStatus):
        pass

    @dsl.container_component
    def tool():
        return dsl.ContainerSpec(image="alpine", command=["no-such-program", "x"])

    @dsl.container_component
    def entrypoint():
        return dsl.ContainerSpec(image="alpine:3")

    @dsl.pipeline(name="many")
    def pipeline(a: int):
        with dsl.If(a == 1, name="small"):
            number(a=a)
        with dsl.ExitHandler(status(), name="guarded"):
            tool()
        entrypoint()
        small(a=2).set_retry(1)

    assert problems(compiled(pipeline)) == [
        "task `condition-1`: `dsl.If` (triggerPolicy.condition), which the local runner does "
        "not support yet",
        "task `entrypoint`: the command inside the image `alpine:3` is not known outside of it",
        "task `exit-handler-2.tool`: its command `no-such-program` is not installed on this "
        "machine",
        "task `small`: retries of a whole pipeline (retryPolicy), which the local runner does "
        "not support yet",
        "task `status`: `dsl.ExitHandler` or `ignore_upstream_failure` (triggerPolicy.strategy), "
        "which the local runner does not support yet",
        "task `status`: `dsl.PipelineTaskFinalStatus` (final), which the local runner does not "
        "support yet",
        "task `status`: `final` is of type TASK_FINAL_STATUS, which the local runner does not "
        "support yet",
    ]


def test_one_of_is_refused(compiled):
    @dsl.pipeline(name="one-of")
    def pipeline(a: int) -> int:
        with dsl.If(a == 1):
            one = number(a=1)
        with dsl.Else():
            other = number(a=2)
        return dsl.OneOf(one.output, other.output)

    assert (
        "task `condition-branches-1`: `dsl.OneOf` among its outputs, which the local runner does "
        "not support yet"
    ) in problems(compiled(pipeline))


def test_a_loop_over_artifacts_is_refused(compiled):
    @dsl.pipeline(name="artifacts")
    def files() -> list[Dataset]:
        with dsl.ParallelFor(["a", "b"]) as item:
            written = write(text=item)
        return dsl.Collected(written.outputs["out"])

    @component
    def read(data: Input[Dataset]):
        pass

    @dsl.pipeline(name="over-artifacts")
    def pipeline():
        with dsl.ParallelFor(files().output) as item:
            read(data=item)

    assert problems(compiled(pipeline)) == [
        "task `for-loop-1`: `dsl.ParallelFor` over artifacts (artifactIterator), which the local "
        "runner does not support yet"
    ]


def test_an_unknown_placeholder_is_refused(compiled):
    @dsl.pipeline(name="placeholder")
    def pipeline():
        write(text="at {{$.run_owner}}")

    assert problems(compiled(pipeline)) == [
        "task `write`: the placeholder {{$.run_owner}}, which the local runner does not support yet"
    ]


def test_settings_of_kubernetes_that_change_the_work_are_refused(compiled):
    path = compiled(small)
    settings = {"nodeSelector": {"labels": {"a": "b"}}, "secretAsEnv": [{"secretName": "s"}]}
    platform = {"deploymentSpec": {"executors": {"exec-number": settings}}}
    document = yaml.safe_dump({"platforms": {"kubernetes": platform}})
    path.write_text(path.read_text("utf-8") + "---\n" + document, "utf-8")

    assert problems(path) == [
        "executor `exec-number`: `secretAsEnv` (kubernetes), which the local runner does not "
        "support yet"
    ]


def test_a_pipeline_that_takes_an_artifact_is_refused(compiled):
    @component
    def read(data: Input[Dataset]):
        pass

    @dsl.pipeline(name="takes")
    def pipeline(data: Input[Dataset]):
        read(data=data)

    assert problems(compiled(pipeline)) == [
        "the pipeline: its input `data` is an artifact; take a URI and import it"
    ]


def test_an_item_that_kfp_did_not_pass_down_is_refused(compiled):
    @dsl.pipeline(name="lost")
    def pipeline(items: list[str]):
        with dsl.ParallelFor(items) as outer, dsl.ParallelFor(["p", "q"]) as inner:
            write(text=f"{outer} {inner}")

    assert problems(compiled(pipeline)) == [
        "task `for-loop-1.for-loop-3.write`: `pipelinechannel--items-loop-item` is taken from "
        "`pipelinechannel--items-loop-item`, which kfp did not pass down to it"
    ]


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "gone.yaml"
    assert refusal(path) == f"{path}: cannot be read (No such file or directory)"


def test_a_file_cut_off_inside_a_value(compiled):
    path = compiled(small)
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("printf") + 3], "utf-8")
    assert refusal(path).startswith(f"{path}: not valid YAML; compile it anew (line ")


def test_a_file_cut_off_between_sections(compiled):
    path = compiled(small)
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("root:")], "utf-8")
    assert refusal(path) == (
        f"{path}: not a pipeline compiled by KFP v2, for `root`, `schemaVersion` is missing "
        "(is the file cut off?); compile it anew"
    )


@pytest.mark.parametrize("text", ["", "just text\n", "- a\n- list\n"])
def test_a_file_of_something_else(tmp_path, text):
    path = tmp_path / "other.yaml"
    path.write_text(text, "utf-8")
    assert refusal(path) == (
        f"{path}: not a pipeline compiled by KFP v2, for it holds no mapping; compile it anew"
    )


def test_a_binary_file(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"\x1c\x00\x00\x00TFL3\xff\xfe")
    assert refusal(path) == f"{path}: not a compiled pipeline, for it is not text"


def test_a_newer_schema(compiled):
    path = compiled(small)
    assert edited(path, lambda document: document.update(schemaVersion="2.2.0")) == (
        f"{path}: schemaVersion 2.2.0 is newer than 2.1.0, the newest that the local runner "
        "knows; compile the pipeline with kfp 2.17 or upgrade quantgate"
    )


def test_a_schema_version_that_is_none(compiled):
    path = compiled(small)
    assert edited(path, lambda document: document.update(schemaVersion="v1")) == (
        f"{path}: not a pipeline compiled by KFP v2, for its schemaVersion is `v1`; compile it anew"
    )


def test_a_field_that_kfp_does_not_know(compiled):
    path = compiled(small)

    def change(document):
        document["root"]["dag"]["tasks"]["number"]["loopForever"] = True

    assert edited(path, change).startswith(
        f"{path}: not a pipeline compiled by KFP v2, for KFP does not know it: "
    )


def test_missing_parts_and_circles(compiled):
    path = compiled(small)

    def change(document):
        tasks = document["root"]["dag"]["tasks"]
        tasks["number"]["dependentTasks"] = ["ghost"]
        for key, other in (("a", "b"), ("b", "a")):
            tasks[key] = {"componentRef": {"name": "comp-x"}, "dependentTasks": [other]}
        del document["deploymentSpec"]["executors"]["exec-number"]

    assert edited(path, change).splitlines()[1:] == [
        "  task `number`: it waits for `ghost`, which is not in the file",
        "  tasks `a`, `b` wait in a circle",
        "  task `a`: its component `comp-x` is not in the file",
        "  task `b`: its component `comp-x` is not in the file",
        "  task `number`: its executor `exec-number` is not in the file",
    ]


def test_a_component_whose_code_is_in_its_image(compiled):
    path = compiled(small)

    def change(document):
        container = document["deploymentSpec"]["executors"]["exec-number"]["container"]
        container["command"] = ["python3", "-m", "kfp.dsl.executor_main"]

    assert edited(path, change).splitlines()[1:] == [
        "  task `number`: its code lies inside the image `image:1`"
    ]


def test_a_pipeline_stored_as_json(compiled, tmp_path):
    document = yaml.safe_load(compiled(small).read_text("utf-8"))
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps(document), "utf-8")
    assert read_pipeline(path).name == "small"
