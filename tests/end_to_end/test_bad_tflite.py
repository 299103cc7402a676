"""Files and recipes that cannot be used, and the message and exit code for each."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.litert.flatbuffer import parse

Command = Callable[..., Any]
RULE = {
    "regex": ".*",
    "operation": "*",
    "algorithm_key": "OCTAV",
    "op_config": {"weight_tensor_config": {"num_bits": 8, "granularity": "CHANNELWISE"}},
}


def changed(change: Callable[[schema.ModelT], None]) -> Callable[[bytes], bytes]:
    """Return a function that changes a model's flatbuffer."""

    def rewrite(content: bytes) -> bytes:
        model = parse(content)
        change(model)
        return bytes(convert_object_to_bytearray(model))

    return rewrite


def quantize_weights(model: schema.ModelT) -> None:
    weights = model.subgraphs[0].tensors[1]
    weights.type, weights.quantization = schema.TensorType.INT8, schema.QuantizationParametersT()
    weights.quantization.scale, weights.quantization.zeroPoint = [0.1], [0]


def rename_op(model: schema.ModelT) -> None:
    (code,) = model.operatorCodes
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = "MyOp"


def make_it_new(model: schema.ModelT) -> None:
    model.version = 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed(quantize_weights), "it is quantized already, as tensor `weights0` is quantized"),
        (changed(rename_op), "LiteRT for Python does not have its custom ops MyOp"),
        (changed(make_it_new), "it has version 4 of the schema, and LiteRT reads version 3"),
        (lambda content: content[:4] + b"CIR0" + content[8:], "is a Circle model"),
        (lambda content: content[:-100], "is damaged or truncated"),
        (lambda content: content[:4], "is not a .tflite"),
    ],
    ids=["quantized", "custom", "version", "dialect", "cut", "short"],
)
def test_files_that_cannot_be_quantized_are_refused(
    tiny: Path, quantgate: Command, change: Callable[[bytes], bytes], message: str
) -> None:
    model = tiny.with_name("tiny.tflite")
    model.write_bytes(change(model.read_bytes()))
    done = quantgate("run", tiny, "--runs-dir", tiny.with_name("runs"))
    assert done.returncode == 3, done.stdout
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not tiny.with_name("runs").exists()


def test_a_file_of_2_gib_is_refused(tiny: Path, quantgate: Command) -> None:
    with tiny.with_name("tiny.tflite").open("r+b") as file:
        file.truncate(2**31)
    done = quantgate("run", tiny)
    assert done.returncode == 3, done.stdout
    assert "has 2.00 GiB, and a .tflite must stay below 2 GiB" in done.stderr


@pytest.mark.parametrize(
    ("rule", "message", "hint"),
    [
        (
            {**RULE, "op_config": {"weight_tensor_config": {"num_bits": 8, "granulrity": "X"}}},
            "`mixed.json`: rule 1: `op_config.weight_tensor_config` has no key `granulrity`",
            "Did you mean `granularity`?",
        ),
        (
            {**RULE, "regex": "dense("},
            "`mixed.json`: rule 1: `dense(` is not a regular expression",
            "Put a backslash before characters that stand for themselves.",
        ),
        (
            {**RULE, "regex": "dense"},
            "rule 1 of the recipe (regex 'dense', operation *) matches no op of the model. The "
            "outputs of its ops are named `hidden0`, `hidden1`",
            "Correct the rule or the algorithm, or remove it.",
        ),
    ],
    ids=["key", "regex", "match"],
)
def test_recipes_that_cannot_work_are_refused(
    tiny: Path, quantgate: Command, rule: dict, message: str, hint: str
) -> None:
    tiny.with_name("mixed.json").write_text(json.dumps([rule]))
    done = quantgate("run", tiny, "--set", "quantize.recipes=[mixed.json]")
    assert done.returncode == 3, done.stdout
    assert message in done.stderr
    assert hint in done.stderr
