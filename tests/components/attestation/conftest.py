"""Small .tflite models built by hand, with every detail of their quantization."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema


@pytest.fixture(scope="session")
def model_of(packed) -> Callable[..., bytes]:
    """Build a model: `model_of(tensors and operators, inputs=..., outputs=..., signature=...)`.

    Inputs and outputs have the names of their tensors.
    """

    def build(
        *parts: Any, inputs: Sequence[str], outputs: Sequence[str], signature: str | None = "serve"
    ) -> bytes:
        ends = {"inputs": inputs, "outputs": outputs}
        named = {end: {name: name for name in names} for end, names in ends.items()}
        return packed(*parts, **named, signature=signature)

    return build


@pytest.fixture(scope="session")
def dense_cells(stored) -> dict[str, Any]:
    """Tensors of an int8 dense layer that conforms to the specification."""
    return {
        "x": stored("x", [1, 4], "int8", scales=[0.5], zero_points=[3]),
        "w": stored("w", [2, 4], "int8", [[1, -2, 3, -127], [5, 6, 7, 8]], [0.25, 0.125]),
        "b": stored("b", [2], "int32", [40, -80], [0.125, 0.0625]),
        "y": stored("y", [1, 2], "int8", scales=[1.0], zero_points=[-5]),
    }


@pytest.fixture(scope="session")
def dense(model_of, step) -> Callable[..., bytes]:
    """Build a dense layer from tensors x, w, b and y."""

    def build(cells: dict[str, Any], signature: str | None = "serve") -> bytes:
        options = schema.FullyConnectedOptionsT()
        layer = step("FULLY_CONNECTED", ["x", "w", "b"], ["y"], options, version=5)
        ends = {"inputs": ["x"], "outputs": ["y"]}
        return model_of(*cells.values(), layer, **ends, signature=signature)

    return build


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes, str], Path]:
    """Write a model to a file: `saved(content, name)`."""

    def save(content: bytes, name: str = "model") -> Path:
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(content)
        return path

    return save
