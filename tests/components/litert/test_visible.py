"""The kernels that record ranges: XNNPACK's where it shows all values, and the built-in ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from quantgate.components.litert import visible as module
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.normalization import normalized
from quantgate.components.litert.tensors import computed_floats, values_in
from quantgate.components.litert.visible import visible, with_visible_values

SHAPES = {"x": (1, 2)}
SAMPLE = np.array([[1.5, -2.0]], np.float32)


@pytest.fixture
def chain(build_model: Callable, stored: Callable, step: Callable) -> bytes:
    """A model with values between its input and its output."""
    path = build_model(
        "chain",
        *(stored("in", [1, 2]), stored("factors", [1, 2], values=[2, 3])),
        *(stored("scaled", [1, 2]), step("MUL", ["in", "factors"], ["scaled"])),
        *(stored("sum", [1, 2]), step("ADD", ["scaled", "in"], ["sum"])),
        *(stored("out", [1, 2]), step("NEG", ["sum"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    return normalized(Path(path).read_bytes())


@pytest.fixture
def reshaped(build_model: Callable, stored: Callable, step: Callable) -> bytes:
    """A model with a shape that LiteRT computes at run time."""
    numbers = (stored(name, [2], "int32", values=values) for name, values in PARTS.items())
    path = build_model(
        "reshaped",
        *(stored("in", [1, 2]), *numbers, stored("shape", [2], "int32")),
        step("ADD", [*PARTS], ["shape"], schema.AddOptionsT()),
        *(stored("flat", [2, 1]), step("RESHAPE", ["in", "shape"], ["flat"])),
        *(stored("out", [2, 1]), step("NEG", ["flat"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    return normalized(Path(path).read_bytes())


PARTS = {"rows": [2, 0], "columns": [0, 1]}


def values_of(content: bytes) -> dict[str, list[float]]:
    model = parse(content)
    interpreter = visible(content, model, "serve", SHAPES)
    interpreter.get_signature_runner()(x=SAMPLE)
    return {
        key.name: values_in(interpreter, index, 0).reshape(-1).tolist()
        for index, key in computed_floats(model, 0).items()
    }


def runs_on_xnnpack(interpreter: Interpreter) -> bool:
    return any(op["op_name"] == "DELEGATE" for op in interpreter._get_ops_details())


def test_all_values_are_visible_with_xnnpack(chain: bytes) -> None:
    content = with_visible_values(chain)
    assert runs_on_xnnpack(visible(content, parse(content), "serve", SHAPES))
    expected = {"in": [1.5, -2], "scaled": [3, -6], "sum": [4.5, -8], "out": [-4.5, 8]}
    assert values_of(content) == expected


def test_the_signature_stays_as_it_was(chain: bytes) -> None:
    (before,) = parse(chain).signatureDefs
    (after,) = parse(with_visible_values(chain)).signatureDefs
    assert [each.name for each in after.outputs] == [each.name for each in before.outputs] == [b"y"]


def test_a_large_model_runs_on_the_built_in_kernels(
    chain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = values_of(with_visible_values(chain))
    monkeypatch.setattr(module, "LARGEST_BYTES", len(chain) - 1)
    assert with_visible_values(chain) is chain
    assert not runs_on_xnnpack(visible(chain, parse(chain), "serve", SHAPES))
    assert values_of(chain) == expected


def test_shapes_known_only_at_run_time_run_on_the_built_in_kernels(reshaped: bytes) -> None:
    content = with_visible_values(reshaped)
    assert not runs_on_xnnpack(visible(content, parse(content), "serve", SHAPES))
    assert values_of(content) == {"in": [1.5, -2], "flat": [1.5, -2], "out": [-1.5, 2]}
