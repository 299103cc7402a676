"""The arithmetic of ops, and their number of multiply-accumulate operations."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.reading import delivered

Build = Callable[..., bytes]


def _delivered(content: bytes) -> Any:
    return delivered(content, parse(content))


def _transposed() -> schema.BatchMatMulOptionsT:
    options = schema.BatchMatMulOptionsT()
    options.adjX = True
    return options


@pytest.mark.parametrize(
    ("op", "options", "shapes", "output", "macs"),
    [
        ("CONV_2D", None, ([1, 8, 8, 3], [16, 3, 3, 3]), [1, 4, 4, 16], 4 * 4 * 16 * 27),
        ("CONV_2D", None, ([1, 8, 8, 6], [16, 3, 3, 3]), [1, 8, 8, 16], 8 * 8 * 16 * 27),
        ("DEPTHWISE_CONV_2D", None, ([1, 8, 8, 3], [1, 5, 3, 6]), [1, 8, 8, 6], 8 * 8 * 6 * 15),
        ("FULLY_CONNECTED", None, ([2, 5, 7], [9, 7]), [2, 5, 9], 2 * 5 * 9 * 7),
        ("BATCH_MATMUL", None, ([2, 3, 4], [2, 4, 5]), [2, 3, 5], 2 * 3 * 5 * 4),
        ("BATCH_MATMUL", _transposed(), ([2, 4, 3], [2, 4, 5]), [2, 3, 5], 2 * 3 * 5 * 4),
        (
            "TRANSPOSE_CONV",
            None,
            ([4], [6, 3, 3, 2], [1, 4, 4, 2]),
            [1, 8, 8, 6],
            4 * 4 * 2 * 6 * 3 * 3,
        ),
        ("ADD", None, ([1, 8], [1, 8]), [1, 8], 0),
        ("FULLY_CONNECTED", None, ([2, 7], []), [2, 9], 0),
    ],
)
def test_multiply_accumulates_follow_the_stored_shapes(
    model_of: Build,
    stored: type[Any],
    step: type[Any],
    op: str,
    options: Any,
    shapes: Sequence[list[int]],
    output: list[int],
    macs: int,
):
    names = [f"in{place}" for place in range(len(shapes))]
    content = model_of(
        *(stored(name, shape) for name, shape in zip(names, shapes, strict=True)),
        stored("y", output),
        step(op, names, ["y"], options),
        inputs=names,
        outputs=["y"],
    )
    described = _delivered(content)
    assert described.macs == ({"float32": macs} if macs else {})
    assert described.float_macs == ({op: macs} if macs else {})
    assert described.float_mac_share == (1.0 if macs else None)
    assert described.float_op_share == 1.0


def test_arithmetic_of_ops(model_of: Build, stored: type[Any], step: type[Any]):
    eight = {"dtype": "int8", "scales": [0.5], "zero_points": [0]}
    content = model_of(
        *(stored("x", [1, 4]), stored("f", [1, 4]), stored("y", [1, 2]), stored("h", [1, 4])),
        stored("q", [1, 4], **eight),
        stored("z", [1, 2], **eight),
        stored("w8", [2, 4], **{**eight, "values": [[1, 2, 3, 4]] * 2}),
        stored("w16", [1, 4], "float16", values=[[1, 2, 3, 4]]),
        stored("unpacked", [1, 4]),
        stored("s", [2], "int32"),
        step("QUANTIZE", ["x"], ["q"]),
        step("FULLY_CONNECTED", ["q", "w8", None], ["z"]),
        step("FULLY_CONNECTED", ["f", "w8", None], ["y"]),
        step("DEQUANTIZE", ["w16"], ["unpacked"]),
        step("MUL", ["x", "unpacked"], ["f"]),
        step("Erf", ["f"], ["h"]),
        step("SHAPE", ["h"], ["s"]),
        inputs=["x"],
        outputs=["y", "z", "s"],
    )
    described = _delivered(content)
    assert described.op_types == {
        "DEQUANTIZE": {"conversion": 1},
        "Erf": {"float32": 1},
        "FULLY_CONNECTED": {"hybrid": 1, "int8": 1},
        "MUL": {"float16": 1},
        "QUANTIZE": {"conversion": 1},
        "SHAPE": {"int32": 1},
    }
    assert described.ops["FULLY_CONNECTED"] == 2
    assert described.float_ops == {"Erf": 1, "FULLY_CONNECTED": 1, "MUL": 1}
    assert described.float_op_share == 0.75
    assert described.macs == {"hybrid": 8, "int8": 8}
    assert (described.float_macs, described.float_mac_share) == ({"FULLY_CONNECTED": 8}, 0.5)


def test_blockwise_weights_are_hybrid(model_of: Build, stored: type[Any], step: type[Any]):
    model = parse(
        model_of(
            *(
                stored("x", [1, 4]),
                stored("w", [2, 4], "int8", values=[[1] * 4] * 2),
                stored("y", [1, 2]),
            ),
            step("FULLY_CONNECTED", ["x", "w"], ["y"], schema.FullyConnectedOptionsT()),
            inputs=["x"],
            outputs=["y"],
        )
    )
    (weight,) = (each for each in model.subgraphs[0].tensors if each.name == b"w")
    weight.quantization = schema.QuantizationParametersT()
    weight.quantization.detailsType = schema.QuantizationDetails.BlockwiseQuantization
    weight.quantization.details = schema.BlockwiseQuantizationT()
    described = _delivered(bytes(convert_object_to_bytearray(model)))
    assert described.macs == {"hybrid": 8}
    assert [each.granularity for each in described.weights] == ["blockwise"]
