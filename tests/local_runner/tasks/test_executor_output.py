"""Outputs of tasks are read as KFP's launcher does (`TextToPbValue`, protobuf's JSON)."""

# Bodies of components are written as users write them.
# ruff: noqa: PTH103, PTH118, PTH123

import json

import pytest
from kfp import dsl
from kfp.dsl import Input, Model, Output, OutputPath
from kfp.pipeline_spec import pipeline_spec_pb2

from quantgate.local_runner.ir.values import TaskError, as_text
from quantgate.local_runner.tasks.executor_output import read_executor_output, read_parameter

component = dsl.component(base_image="python:3.11", install_kfp_package=False)


def parameter(kind, path, output=None):
    definition = pipeline_spec_pb2.ComponentOutputsSpec.ParameterSpec()
    definition.parameter_type = pipeline_spec_pb2.ParameterType.ParameterTypeEnum.Value(kind)
    given = output or pipeline_spec_pb2.ExecutorOutput()
    return read_parameter("out", definition, given, path)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("NUMBER_INTEGER", " 5\n", 5),
        ("NUMBER_INTEGER", "-007", -7),
        ("NUMBER_INTEGER", str(2**53 + 1), 2**53),
        ("NUMBER_DOUBLE", "1e-3\n", 0.001),
        ("NUMBER_DOUBLE", "2", 2.0),
        ("BOOLEAN", "True\n", True),
        ("BOOLEAN", "1", True),
        ("BOOLEAN", "f", False),
        ("LIST", "[1, 2.0]", [1, 2]),
        ("STRUCT", '{"a": null}', {"a": None}),
        ("STRING", " as it is\n", " as it is\n"),
        ("STRING", "", ""),
    ],
)
def test_a_file_is_read_in_its_type(tmp_path, kind, text, value):
    (tmp_path / "out").write_text(text)
    read = parameter(kind, tmp_path / "out")
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("NUMBER_INTEGER", "7.0", "expected NUMBER_INTEGER, got '7.0'"),
        ("NUMBER_INTEGER", "", "expected NUMBER_INTEGER, got ''"),
        ("NUMBER_INTEGER", "9223372036854775808", "expected NUMBER_INTEGER, got '92233"),
        ("NUMBER_INTEGER", "1_000", "expected NUMBER_INTEGER, got '1_000'"),
        ("NUMBER_DOUBLE", "NaN", "expected NUMBER_DOUBLE, got 'NaN'"),
        ("BOOLEAN", "yes", "expected BOOLEAN, got 'yes'"),
        ("LIST", "[NaN]", "expected LIST, got '[NaN]'"),
        ("LIST", "{}", "expected LIST, got dict {}"),
        ("STRUCT", "x" * 100, "expected STRUCT, got '" + "x" * 56 + "..."),
        ("STRING", "\udcff", "it is not UTF-8 text"),
    ],
)
def test_a_file_of_another_type_is_refused(tmp_path, kind, text, said):
    (tmp_path / "out").write_text(text, errors="surrogateescape")
    with pytest.raises(TaskError) as caught:
        parameter(kind, tmp_path / "out")
    assert str(caught.value).startswith(f"output parameter `out`: {said}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON (Expecting value: line 1 column 1 (char 0))"),
        ("[]", "is not an ExecutorOutput of KFP (it is [])"),
        (
            '{"parameterValues": []}',
            "is not an ExecutorOutput of KFP (Failed to parse parameterValues field: Map field "
            "parameter_values must be in a dict which is [] at ExecutorOutput.parameterValues.)",
        ),
        (
            '{"artifacts": {"m": {"artifacts": [{"metadata": [1]}]}}}',
            "is not an ExecutorOutput of KFP (Failed to parse metadata field: Struct must be in a "
            "dict which is [1] at ExecutorOutput.artifacts[m].artifacts[0].metadata...)",
        ),
    ],
)
def test_a_document_of_another_form_is_refused(tmp_path, text, reason):
    path = tmp_path / "executor_output.json"
    path.write_text(text)
    with pytest.raises(TaskError) as caught:
        read_executor_output(path)
    assert str(caught.value) == f"executor_output.json {reason}"


def test_null_counts_as_absent(tmp_path):
    path = tmp_path / "executor_output.json"
    path.write_text(json.dumps({"parameterValues": {"out": None}, "artifacts": None}))
    with pytest.raises(TaskError, match="the output parameter `out` was not written"):
        parameter("STRING", tmp_path / "out", read_executor_output(path))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        (1e-7, "0.0000001"),
        (1e23, "100000000000000000000000"),
        (-0.5, "-0.5"),
        (3, "3"),
        (True, "true"),
        ([1, "é"], '[1, "é"]'),
        ("2.0", "2.0"),
    ],
)
def test_values_in_texts_are_written_as_on_a_cluster(value, text):
    assert as_text(value) == text


def test_a_command_gets_numbers_as_a_cluster_writes_them(run):
    @dsl.container_component
    def echo(share: float, rate: float, out: OutputPath(str)):
        return dsl.ContainerSpec(
            image="busybox", command=["sh", "-c", 'printf "$0 $1" > "$2"'], args=[share, rate, out]
        )

    @dsl.pipeline(name="numbers")
    def pipeline(share: float) -> str:
        return echo(share=share, rate=1e-7).outputs["out"]

    assert run(pipeline, share=2.0).outputs == {"Output": "2 0.0000001"}


def test_an_artifact_at_a_custom_path_is_copied_to_its_uri(run, tmp_path):
    @component
    def save(folder: str, file: Output[Model], tree: Output[Model]):
        import os

        file.custom_path = os.path.join(folder, "weights")
        tree.custom_path = "tree"  # in the task's working directory
        os.makedirs("tree/a")
        for path in (file.custom_path, "tree/a/b"):
            with open(path, "w") as stream:
                stream.write("trained")

    @component
    def load(file: Input[Model], tree: Input[Model]) -> str:
        return open(file.path).read() + open(f"{tree.path}/a/b").read()

    @dsl.pipeline(name="elsewhere")
    def pipeline(folder: str) -> str:
        saved = save(folder=folder)
        return load(file=saved.outputs["file"], tree=saved.outputs["tree"]).output

    result = run(pipeline, folder=str(tmp_path))
    assert result.outputs == {"Output": "trainedtrained"}
    assert (tmp_path / "out püt/elsewhere/save/file").read_text() == "trained"
