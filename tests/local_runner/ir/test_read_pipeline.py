"""Unsupported features of a pipeline are refused by name, before anything runs."""

import copy
import json
import random

import kfp
import pytest
import yaml
from kfp import dsl
from kfp.dsl import Dataset, Input, Output

from quantgate.errors import PipelineError, QuantgateError
from quantgate.local_runner import dry_run, read_pipeline

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
    document = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    change(document)
    path.write_text(yaml.safe_dump(document), "utf-8")
    return refusal(path)


def problems(path) -> list[str]:
    first, *listed = refusal(path).splitlines()
    assert first == f"{path}: the local runner cannot run this pipeline:"
    return [line.strip() for line in listed]


def test_all_unsupported_features_are_listed_at_once(compiled):
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
def test_a_condition_that_is_not_a_comparison_is_refused(compiled, condition, reason):
    def change(document):
        document["root"]["dag"]["tasks"]["number"]["triggerPolicy"] = {"condition": condition}

    assert edited(compiled(small), change).splitlines()[1:] == [
        f"  task `number`: the local runner does not support its condition "
        f"`{condition:.200}`: {reason}"
    ]


def test_a_condition_on_an_unknown_input_is_refused(compiled):
    def change(document):
        condition = 'inputs.parameter_values["b"] == 1'
        document["root"]["dag"]["tasks"]["number"]["triggerPolicy"] = {"condition": condition}

    assert edited(compiled(small), change).splitlines()[1:] == [
        "  task `number`: its condition uses `b`, which is not one of its inputs"
    ]


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
        "task `for-loop-1`: `dsl.ParallelFor` over artifacts (artifactIterator), and KFP refuses it"
    ]


def test_an_unknown_placeholder_is_refused(compiled):
    @dsl.pipeline(name="placeholder")
    def pipeline():
        written = write(text="at {{$.run_owner}}")
        written.set_env_variable("DISK", dsl.WORKSPACE_PATH_PLACEHOLDER)

    assert problems(compiled(pipeline)) == [
        f"task `write`: the placeholder {name}, which the local runner does not support yet"
        for name in ("{{$.run_owner}}", "{{$.workspace_path}}")
    ]


def add_document(path, document):
    path.write_text(path.read_text("utf-8") + "---\n" + yaml.safe_dump(document), "utf-8")


def test_settings_of_kubernetes_that_change_the_work_are_refused(compiled):
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


@pytest.mark.parametrize("document", [{"platforms": []}, {"platforms": {"k": 3}}, {"other": 1}])
def test_a_further_document_that_is_not_a_platform_is_refused(compiled, document):
    path = compiled(small)
    add_document(path, document)

    with pytest.raises(
        PipelineError, match="not a pipeline compiled by KFP v2, because KFP cannot"
    ):
        read_pipeline(path)


def test_a_pipeline_that_takes_an_artifact_is_refused(compiled):
    @component
    def read(data: Input[Dataset]):
        pass

    @dsl.pipeline(name="takes")
    def pipeline(data: Input[Dataset]):
        read(data=data)

    assert problems(compiled(pipeline)) == [
        "the pipeline: its input `data` is an artifact. Take a URI and import it"
    ]


def test_a_loop_item_that_kfp_did_not_pass_is_refused(compiled):
    @dsl.pipeline(name="lost")
    def pipeline(items: list[str]):
        with dsl.ParallelFor(items) as outer, dsl.ParallelFor(["p", "q"]) as inner:
            write(text=f"{outer} {inner}")

    assert problems(compiled(pipeline)) == [
        "task `for-loop-1.for-loop-3.write`: `pipelinechannel--items-loop-item` is taken from "
        "`pipelinechannel--items-loop-item`, which kfp did not pass to it"
    ]


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "gone.yaml"
    assert refusal(path) == f"{path}: cannot be read (No such file or directory)"


def test_a_file_cut_off_inside_a_value(compiled):
    path = compiled(small)
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("printf") + 3], "utf-8")
    assert refusal(path).endswith(" is not YAML. Compile it again")


def test_a_file_cut_off_between_sections(compiled):
    path = compiled(small)
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("root:")], "utf-8")
    assert refusal(path) == (
        f"{path}: not a pipeline compiled by KFP v2, because `root`, `schemaVersion` is missing "
        "(the file may be cut off). Compile it again"
    )


@pytest.mark.parametrize("text", ["", "just text\n", "- a\n- list\n"])
def test_a_file_that_is_not_a_pipeline_is_refused(tmp_path, text):
    path = tmp_path / "other.yaml"
    path.write_text(text, "utf-8")
    assert refusal(path) == (
        f"{path}: not a pipeline compiled by KFP v2, because it holds no mapping. Compile it again"
    )


def test_a_binary_file(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"\x1c\x00\x00\x00TFL3\xff\xfe")
    assert refusal(path) == (
        f"{path}: not a pipeline compiled by KFP v2, because it is not text. Compile it again"
    )


def test_a_newer_schema_version_is_refused(compiled):
    path = compiled(small)
    assert edited(path, lambda document: document.update(schemaVersion="2.2.0")) == (
        f"{path}: schemaVersion 2.2.0 is newer than 2.1.0, the newest that the local runner "
        "supports. Compile the pipeline with kfp 2.17 or upgrade quantgate"
    )


def test_an_invalid_schema_version_is_refused(compiled):
    path = compiled(small)
    assert edited(path, lambda document: document.update(schemaVersion="v1")) == (
        f"{path}: not a pipeline compiled by KFP v2, because its schemaVersion is `v1`. "
        "Compile it again"
    )


def test_a_field_that_kfp_does_not_know(compiled):
    path = compiled(small)

    def change(document):
        document["root"]["dag"]["tasks"]["number"]["loopForever"] = True

    assert edited(path, change).startswith(
        f"{path}: not a pipeline compiled by KFP v2, because KFP cannot read it: "
    )


def test_missing_tasks_and_circles_are_refused(compiled):
    path = compiled(small)

    def change(document):
        tasks = document["root"]["dag"]["tasks"]
        tasks["number"]["dependentTasks"] = ["ghost"]
        for key, other in (("a", "b"), ("b", "a")):
            tasks[key] = {"componentRef": {"name": "comp-x"}, "dependentTasks": [other]}
        del document["deploymentSpec"]["executors"]["exec-number"]
        output = document["root"]["dag"]["outputs"]["parameters"]["Output"]
        output["valueFromParameter"]["producerSubtask"] = "nobody"

    assert edited(path, change).splitlines()[1:] == [
        "  the pipeline: its output `Output` comes from `nobody`, which is not in the file",
        "  task `number`: it waits for `ghost`, which is not in the file",
        "  tasks `a`, `b` wait for each other in a circle",
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
        "  task `number`: its code is inside the image `image:1`"
    ]


def test_a_pipeline_stored_as_json(compiled, tmp_path):
    document = yaml.load(compiled(small).read_text("utf-8"), yaml.CSafeLoader)
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps(document), "utf-8")
    assert read_pipeline(path).name == "small"


def test_inputs_without_a_source_are_refused(compiled):
    def change(document):
        parameters = document["root"]["dag"]["tasks"]["number"]["inputs"]["parameters"]
        parameters["final"] = {}
        parameters["early"] = {"taskOutputParameter": {"outputParameterKey": "Output"}}
        artifacts = {"data": {}, "model": {"taskOutputArtifact": {"outputArtifactKey": "out"}}}
        document["root"]["dag"]["tasks"]["number"]["inputs"]["artifacts"] = artifacts

    assert edited(compiled(small), change).splitlines()[1:] == [
        "  task `number`: `early` has no source (a final status is for exit tasks)",
        "  task `number`: `final` has no source (a final status is for exit tasks)",
        "  task `number`: `data` has no source",
        "  task `number`: `model` has no source",
    ]


def test_a_type_that_kfp_does_not_have_is_refused(compiled):
    def change(document):
        document["components"]["comp-number"]["inputDefinitions"]["parameters"]["a"] = {
            "parameterType": 99
        }

    assert edited(compiled(small), change).splitlines()[1:] == [
        "  task `number`: `a` is of type 99, which the local runner does not support yet"
    ]


def test_an_importer_without_source_and_output_is_refused(compiled):
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


def test_loop_items_that_are_not_a_list_are_refused(compiled):
    def change(document):
        document["root"]["dag"]["tasks"]["number"]["parameterIterator"] = {
            "itemInput": "a", "items": {"raw": "[1, 2"},
        }  # fmt: skip

    assert edited(compiled(small), change).splitlines()[1:] == [
        "  task `number`: its items are not a list in JSON (parameterIterator.items.raw)"
    ]


def test_a_component_inside_itself_is_refused(compiled):
    @dsl.pipeline(name="outer")
    def outer(a: int):
        small(a=a)

    def change(document):
        task = document["root"]["dag"]["tasks"]["small"]
        document["components"]["comp-small"]["dag"]["tasks"]["again"] = task

    assert edited(compiled(outer), change).splitlines()[1:] == [
        "  task `small.again`: its component `comp-small` is inside itself"
    ]


def test_a_field_of_a_newer_kfp_is_reported_with_its_version(compiled):
    path = compiled(small)

    def change(document):
        document["sdkVersion"] = "kfp-99.1.0"
        document["root"]["dag"]["tasks"]["number"]["loopForever"] = True

    text = edited(path, change)
    line = 1 + path.read_text("utf-8").splitlines().index("        loopForever: true")
    assert text == (
        f"{path}:{line}: `loopForever` is not known to kfp {kfp.__version__}, and the pipeline was "
        "compiled by kfp 99.1.0. Compile it with the older version or upgrade quantgate"
    )


def spoiled(document, chance: random.Random):
    """Remove or replace one value in a compiled pipeline."""
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = chance.choice(keys)
        inside = place[key]
        if not isinstance(inside, (dict, list)) or not inside or chance.random() < 0.15:
            break
        place = inside
    if chance.random() < 0.5:
        del place[key]
    else:
        place[key] = chance.choice([None, 3, "x", [], {}, ["x"], {"x": 1}, -1.5, True])


def test_any_change_to_a_file_is_read_or_refused(compiled, tmp_path):
    @dsl.pipeline(name="much")
    def much(a: int, words: list[str]):
        with dsl.If(a == 1):
            one = number(a=1)
        with dsl.Else():
            other = number(a=2)
        with dsl.ExitHandler(number(a=3)):
            number(a=dsl.OneOf(one.output, other.output)).set_retry(2).set_cpu_limit("2")
        with dsl.ParallelFor(words) as word:
            write(text=f"{word}!")
        dsl.importer(artifact_uri=str(tmp_path), artifact_class=Dataset)

    whole = yaml.load(compiled(much).read_text("utf-8"), yaml.CSafeLoader)
    chance = random.Random(4)
    refused = 0
    for number_of_try in range(300):
        document = copy.deepcopy(whole)
        spoiled(document, chance)
        path = tmp_path / f"{number_of_try}.json"
        path.write_text(json.dumps(document), "utf-8")
        try:
            dry_run(read_pipeline(path), {"a": 1, "words": ["x"]})
        except QuantgateError as error:
            assert str(error)
            refused += 1
    assert 100 < refused < 300
