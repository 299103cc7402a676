"""Files that are no pipeline, or a damaged one, are refused with a sentence."""

import copy
import json
import random

import kfp
import pytest
import yaml
from kfp import dsl
from kfp.dsl import Dataset
from small_pipeline import add_document, number, small, write

from quantgate.errors import PipelineError, QuantgateError
from quantgate.local_runner import dry_run, read_pipeline

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.mark.parametrize("document", [{"platforms": []}, {"platforms": {"k": 3}}, {"other": 1}])
def test_a_further_document_that_is_not_a_platform_is_refused(compiled, document):
    path = compiled(small)
    add_document(path, document)

    with pytest.raises(
        PipelineError, match="not a pipeline compiled by KFP v2, because KFP cannot"
    ):
        read_pipeline(path)


def test_a_file_that_is_not_there(refusal, tmp_path):
    path = tmp_path / "gone.yaml"
    assert refusal(path) == f"{path}: cannot be read (No such file or directory)"


def test_a_file_that_is_truncated_inside_a_value_is_refused(refusal, compiled):
    path = compiled(small)
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("printf") + 3], "utf-8")
    assert refusal(path).endswith(" is not YAML. Compile it again")


def test_a_file_that_is_truncated_between_sections_is_refused(refusal, compiled):
    path = compiled(small)
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("root:")], "utf-8")
    assert refusal(path) == (
        f"{path}: not a pipeline compiled by KFP v2, because `root`, `schemaVersion` is missing "
        f"(the file may be truncated). Compile it again"
    )


@pytest.mark.parametrize("text", ["", "just text\n", "- a\n- list\n"])
def test_a_file_that_is_not_a_pipeline_is_refused(refusal, tmp_path, text):
    path = tmp_path / "other.yaml"
    path.write_text(text, "utf-8")
    assert refusal(path) == (
        f"{path}: not a pipeline compiled by KFP v2, because it holds no mapping. Compile it again"
    )


def test_a_binary_file(refusal, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"\x1c\x00\x00\x00TFL3\xff\xfe")
    assert refusal(path) == (
        f"{path}: not a pipeline compiled by KFP v2, because it is not text. Compile it again"
    )


def test_a_newer_schema_version_is_refused(edited, compiled):
    path = compiled(small)
    assert edited(path, lambda document: document.update(schemaVersion="2.2.0")) == (
        f"{path}: schemaVersion 2.2.0 is newer than 2.1.0, the newest that the local runner "
        "supports. Compile the pipeline with kfp 2.17 or upgrade quantgate"
    )


def test_an_invalid_schema_version_is_refused(edited, compiled):
    path = compiled(small)
    assert edited(path, lambda document: document.update(schemaVersion="v1")) == (
        f"{path}: not a pipeline compiled by KFP v2, because its schemaVersion is `v1`. "
        "Compile it again"
    )


def test_a_field_that_kfp_does_not_know(edited, compiled):
    path = compiled(small)

    def change(document):
        document["root"]["dag"]["tasks"]["number"]["loopForever"] = True

    assert edited(path, change).startswith(
        f"{path}: not a pipeline compiled by KFP v2, because KFP cannot read it: "
    )


def test_missing_tasks_and_circles_are_refused(edited, compiled):
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


def test_inputs_without_a_source_are_refused(edited, compiled):
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


def test_a_type_that_kfp_does_not_have_is_refused(edited, compiled):
    def change(document):
        document["components"]["comp-number"]["inputDefinitions"]["parameters"]["a"] = {
            "parameterType": 99
        }

    assert edited(compiled(small), change).splitlines()[1:] == [
        "  task `number`: `a` is of type 99, which the local runner does not support yet"
    ]


def test_a_component_inside_itself_is_refused(edited, compiled):
    @dsl.pipeline(name="outer")
    def outer(a: int):
        small(a=a)

    def change(document):
        task = document["root"]["dag"]["tasks"]["small"]
        document["components"]["comp-small"]["dag"]["tasks"]["again"] = task

    assert edited(compiled(outer), change).splitlines()[1:] == [
        "  task `small.again`: its component `comp-small` is inside itself"
    ]


def test_a_field_of_a_newer_kfp_is_reported_with_its_version(edited, compiled):
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
