"""Float models in the form that recipes need: op codes, signatures, float16 constants, names."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.litert.flatbuffer import op_name, parse
from quantgate.components.litert.normalization import DEFAULT_SIGNATURE, normalized
from quantgate.components.litert.operations import operations

FACTORS = [2.0, 3.0, -0.5]
Change = Callable[[schema.ModelT], None]


@pytest.fixture
def content(scaled_model: Callable[..., str]) -> bytes:
    return Path(scaled_model("scaled", FACTORS)).read_bytes()


@pytest.fixture
def half(build_model: Callable[..., str], stored: Callable, step: Callable) -> bytes:
    """A model whose output `y` is its input `x` times factors in float16, and times them again."""
    path = build_model(
        "half",
        *(stored("in", [1, 3]), stored("packed", [1, 3], "float16", values=FACTORS)),
        *(stored("factors", [1, 3]), step("DEQUANTIZE", ["packed"], ["factors"])),
        *(stored("again", [1, 3]), step("DEQUANTIZE", ["packed"], ["again"])),
        *(stored("once", [1, 3]), step("MUL", ["in", "factors"], ["once"])),
        *(stored("out", [1, 3]), step("MUL", ["once", "again"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    return Path(path).read_bytes()


def changed(content: bytes, change: Change) -> bytes:
    model = parse(content)
    change(model)
    return bytes(convert_object_to_bytearray(model))


def run(content: bytes, **inputs: list[float]) -> dict[str, list[float]]:
    interpreter = Interpreter(model_content=content)
    arrays = {name: np.array([values], np.float32) for name, values in inputs.items()}
    outputs = interpreter.get_signature_runner()(**arrays)
    return {name: values.ravel().tolist() for name, values in outputs.items()}


def tensor_names(content: bytes) -> list[str]:
    return [tensor.name.decode() for graph in parse(content).subgraphs for tensor in graph.tensors]


def test_a_model_in_the_right_form_keeps_its_bytes(content: bytes) -> None:
    assert normalized(content) is content


def test_op_codes_of_old_files_are_written_where_new_readers_look(content: bytes) -> None:
    def age(model: schema.ModelT) -> None:
        for code in model.operatorCodes:
            code.builtinCode = 0

    (code,) = parse(normalized(changed(content, age))).operatorCodes
    assert (code.builtinCode, op_name(code)) == (schema.BuiltinOperator.MUL, "MUL")


def test_a_model_without_a_signature_gets_one_with_its_tensors_names(content: bytes) -> None:
    bare = changed(content, lambda model: setattr(model, "signatureDefs", None))
    assert Interpreter(model_content=bare).get_signature_list() == {}
    assert Interpreter(model_content=normalized(bare)).get_signature_list() == {
        DEFAULT_SIGNATURE: {"inputs": ["in"], "outputs": ["out"]}
    }
    assert run(normalized(bare), **{"in": [1, 1, 1]}) == {"out": FACTORS}


def test_float16_constants_become_float32_once(half: bytes) -> None:
    result = normalized(half)
    assert [each.name for each in operations(parse(result))] == ["MUL", "MUL"]
    assert run(result, x=[1, 2, 3]) == run(half, x=[1, 2, 3]) == {"y": [4.0, 18.0, 0.75]}
    sizes = [len(each.data) for each in parse(result).buffers if each.data is not None]
    assert sizes == [3 * 4]


def test_a_float16_constant_that_another_op_reads_stays(half: bytes) -> None:
    def output_the_constant(model: schema.ModelT) -> None:
        (graph,) = model.subgraphs
        graph.outputs = [*graph.outputs, tensor_names(half).index("packed")]

    result = parse(normalized(changed(half, output_the_constant)))
    (packed,) = [each for each in result.subgraphs[0].tensors if each.name == b"packed"]
    assert packed.type == schema.TensorType.FLOAT16
    assert len(result.buffers[packed.buffer].data) == 3 * 2


def test_sparse_float16_constants_stay_packed(half: bytes) -> None:
    def make_sparse(model: schema.ModelT) -> None:
        (packed,) = [each for each in model.subgraphs[0].tensors if each.name == b"packed"]
        packed.sparsity = schema.SparsityParametersT()

    result = normalized(changed(half, make_sparse))
    assert [each.name for each in operations(parse(result))].count("DEQUANTIZE") == 2


@pytest.mark.parametrize("name", [b"in", b""])
def test_later_tensors_of_a_name_are_renamed(content: bytes, name: bytes) -> None:
    def share_a_name(model: schema.ModelT) -> None:
        for tensor in model.subgraphs[0].tensors[1:]:
            tensor.name = name

    shared = changed(content, share_a_name)
    names = tensor_names(normalized(shared))
    assert names == ["in", f"{name.decode()}__1", f"{name.decode()}__2"]
    assert run(normalized(shared), x=[1, 1, 1]) == {"y": FACTORS}


def test_a_new_name_is_not_one_of_the_model(content: bytes) -> None:
    def share_a_name(model: schema.ModelT) -> None:
        for tensor, name in zip(model.subgraphs[0].tensors, ["a", "a", "a__1"], strict=True):
            tensor.name = name

    assert tensor_names(normalized(changed(content, share_a_name))) == ["a", "a__2", "a__1"]
