"""Unsupported features of a pipeline are refused by name, before anything runs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from kfp import dsl
from kfp.dsl import Dataset, Input
from small_pipeline import add_document, component, number, small, write

from quantgate.local_runner import read_pipeline

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture
def problems(refusal: Callable[[Path], str]) -> Callable[[Path], list[str]]:
    """Return the problems that a pipeline is refused for."""

    def read(path: Path) -> list[str]:
        first, *listed = refusal(path).splitlines()
        assert first == f"{path}: the local runner cannot run this pipeline:"
        return [line.strip() for line in listed]

    return read


def test_all_unsupported_features_are_listed_at_once(problems, compiled):
    @dsl.container_component
    def tool():
        return dsl.ContainerSpec(image="alpine", command=["no-such-program", "x"])

    @dsl.container_component
    def entrypoint():
        return dsl.ContainerSpec(image="alpine:3")

    @dsl.pipeline(name="many")
    def pipeline(a: int, text: str):
        with dsl.If(text == a, name="small"):
            number(a=a)
        with dsl.ExitHandler(number(a=1), name="guarded"):
            tool()
        entrypoint()
        small(a=2).set_retry(1)
        number(a=2).set_retry(-1)

    a, text = (f"inputs.parameter_values['pipelinechannel--{name}']" for name in ("a", "text"))
    assert problems(compiled(pipeline)) == [
        f"task `condition-1`: the local runner does not support its condition "
        f"`{text} == 'int({a})'`: `pipelinechannel` is not expected there",
        "task `entrypoint`: the command inside the image `alpine:3` is not known outside it",
        "task `exit-handler-2.tool`: its command `no-such-program` is not installed on this "
        "machine",
        "task `number-3`: unlimited retries (retryPolicy.maxRetryCount), which the local runner "
        "does not support yet",
        "task `small`: retries of a whole pipeline (retryPolicy), which the local runner does "
        "not support yet",
    ]


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("__import__('os')", "`__import__` is not known"),
        ("'a'.upper() == 'A'", "it cannot be read from `.upper() == 'A'` on"),
        ("size('x') == 1", "`size` is not known"),
        ("true ? false : true", "it cannot be read from `? false : true` on"),
        ("1 + 1 == 2", "it cannot be read from `+ 1 == 2` on"),
        ("1 == 1 == 1", "`==` is not expected there"),
        ("(1 == 1", "`its end` is not expected there"),
        ("'a' == 'b", "it cannot be read from `'b` on"),
        ("'\\q' == 'q'", "`\\q` is not an escape sequence of CEL"),
        ("(" * 5_000 + "true", "its parts are nested too deeply"),
    ],
)
def test_a_condition_that_is_not_a_comparison_is_refused(edited, compiled, condition, reason):
    def change(document):
        document["root"]["dag"]["tasks"]["number"]["triggerPolicy"] = {"condition": condition}

    assert edited(compiled(small), change).splitlines()[1:] == [
        f"  task `number`: the local runner does not support its condition "
        f"`{condition:.200}`: {reason}"
    ]


def test_a_condition_on_an_unknown_input_is_refused(edited, compiled):
    def change(document):
        condition = 'inputs.parameter_values["b"] == 1'
        document["root"]["dag"]["tasks"]["number"]["triggerPolicy"] = {"condition": condition}

    assert edited(compiled(small), change).splitlines()[1:] == [
        "  task `number`: its condition uses `b`, which is not one of its inputs"
    ]


def test_a_loop_over_artifacts_is_refused(problems, compiled):
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
        "task `for-loop-1`: `dsl.ParallelFor` over artifacts (artifactIterator), and KFP refuses it"
    ]


def test_an_unknown_placeholder_is_refused(problems, compiled):
    @dsl.pipeline(name="placeholder")
    def pipeline():
        written = write(text="at {{$.run_owner}}")
        written.set_env_variable("DISK", dsl.WORKSPACE_PATH_PLACEHOLDER)

    assert problems(compiled(pipeline)) == [
        f"task `write`: the placeholder {name}, which the local runner does not support yet"
        for name in ("{{$.run_owner}}", "{{$.workspace_path}}")
    ]


def test_settings_of_kubernetes_that_change_the_work_are_refused(problems, compiled):
    path = compiled(small)
    settings = {
        "activeDeadlineSeconds": "soon",
        "nodeSelector": {"labels": {"a": "b"}},
        "secretAsEnv": [{"secretName": "s"}],
        "secretAsVolume": [{"secretName": "s"}],
    }
    platform = {"deploymentSpec": {"executors": {"exec-number": settings}}}
    add_document(path, {"platforms": {"kubernetes": platform}})

    assert problems(path) == [
        "executor `exec-number`: its activeDeadlineSeconds is 'soon', not a whole number",
        "executor `exec-number`: its secretAsEnv cannot be read ('keyToEnv')",
        "executor `exec-number`: `secretAsVolume` (kubernetes), which the local runner does not "
        "support yet",
    ]


def test_a_pipeline_that_takes_an_artifact_is_refused(problems, compiled):
    @component
    def read(data: Input[Dataset]):
        pass

    @dsl.pipeline(name="takes")
    def pipeline(data: Input[Dataset]):
        read(data=data)

    assert problems(compiled(pipeline)) == [
        "the pipeline: its input `data` is an artifact. Take a URI and import it"
    ]


def test_a_loop_item_that_kfp_did_not_pass_is_refused(problems, compiled):
    @dsl.pipeline(name="lost")
    def pipeline(items: list[str]):
        with dsl.ParallelFor(items) as outer, dsl.ParallelFor(["p", "q"]) as inner:
            write(text=f"{outer} {inner}")

    assert problems(compiled(pipeline)) == [
        "task `for-loop-1.for-loop-3.write`: `pipelinechannel--items-loop-item` is taken from "
        "`pipelinechannel--items-loop-item`, which kfp did not pass to it"
    ]


def test_a_component_whose_code_is_in_its_image(edited, compiled):
    path = compiled(small)

    def change(document):
        container = document["deploymentSpec"]["executors"]["exec-number"]["container"]
        container["command"] = ["python3", "-m", "kfp.dsl.executor_main"]

    assert edited(path, change).splitlines()[1:] == [
        "  task `number`: its code is inside the image `image:1`"
    ]


def test_a_pipeline_stored_as_json(compiled, tmp_path):
    document = yaml.load(compiled(small).read_text("utf-8"), yaml.CSafeLoader)
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps(document), "utf-8")
    assert read_pipeline(path).name == "small"


def test_an_importer_without_source_and_output_is_refused(edited, compiled):
    @dsl.pipeline(name="importing")
    def pipeline(uri: str):
        dsl.importer(artifact_uri=uri, artifact_class=Dataset)

    def change(document):
        importer = document["components"]["comp-importer"]
        del importer["inputDefinitions"], importer["outputDefinitions"]

    assert edited(compiled(pipeline), change).splitlines()[1:] == [
        "  task `importer`: it imports an artifact, but none of its outputs is one",
        "  task `importer`: it imports from `uri`, which is not one of its inputs",
    ]


def test_loop_items_that_are_not_a_list_are_refused(edited, compiled):
    def change(document):
        document["root"]["dag"]["tasks"]["number"]["parameterIterator"] = {
            "itemInput": "a", "items": {"raw": "[1, 2"},
        }  # fmt: skip

    assert edited(compiled(small), change).splitlines()[1:] == [
        "  task `number`: its items are not a list in JSON (parameterIterator.items.raw)"
    ]
