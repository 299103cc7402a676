"""Small float models of dense layers, quantized by the tasks of quantgate."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray
from numpy.typing import NDArray

from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.quantize_recipe.material import RecipeInputs
from quantgate.components.quantize_recipe.work import quantize_recipe
from quantgate.components.quantizer.request import request_of
from quantgate.components.record_ranges.work import record_ranges
from quantgate.domain.recipes import MomentsForm
from quantgate.records.attestation import Attestation

LIMITS = ResourceLimits(60.0)
ENDS = {"input_type": "float32", "output_type": "float32"}
Change = Callable[[schema.ModelT], None]


class Done(NamedTuple):
    """A quantized model with its attestation."""

    content: bytes
    attestation: Attestation

    @property
    def dtypes(self) -> dict[str, str]:
        """The dtypes of weights by name."""
        return {weight.name: weight.dtype for weight in self.attestation.weights}

    @property
    def granularities(self) -> dict[str, str]:
        """The granularities of weights by name."""
        return {weight.name: weight.granularity for weight in self.attestation.weights}


class Dense(NamedTuple):
    """A float model whose layers are dense: its file, samples for it, and their facts."""

    path: Path
    facts: str
    samples: NDArray[Any]

    def with_content(self, content: bytes) -> "Dense":
        """Return the model with other bytes."""
        path = self.path.with_name("changed.tflite")
        path.write_bytes(content)
        return self._replace(path=path)

    def changed(self, change: Change) -> "Dense":
        """Return the model after a change of its flatbuffer."""
        model = parse(self.path.read_bytes())
        change(model)
        return self.with_content(bytes(convert_object_to_bytearray(model)))


def _without_bias(model: schema.ModelT) -> None:
    """Name the absent bias, as converters do."""
    for operator in model.subgraphs[0].operators:
        operator.inputs = [*operator.inputs, -1]


@pytest.fixture
def dense(
    build_model: Callable[..., str],
    make_facts: Callable[..., str],
    stored: Callable[..., Any],
    step: Callable[..., Any],
) -> Callable[..., Dense]:
    """Make a model: `x` through dense layers with weights `w0`, `w1`, ... and outputs `y0`, ..."""

    def make(*widths: int, weights: Mapping[str, NDArray[Any]] | None = None) -> Dense:
        random, parts, last = np.random.default_rng(0), [stored("x", [1, widths[0]])], "x"
        for number, (taken, given) in enumerate(pairwise(widths)):
            values = random.standard_normal((given, taken)) / np.sqrt(taken)
            values = (weights or {}).get(f"w{number}", values)
            parts += [
                stored(f"w{number}", [given, taken], values=values.astype(np.float32)),
                stored(f"y{number}", [1, given]),
                step(
                    "FULLY_CONNECTED",
                    [last, f"w{number}"],
                    [f"y{number}"],
                    schema.FullyConnectedOptionsT(),
                ),
            ]
            last = f"y{number}"
        path = build_model("dense", *parts, inputs={"x": "x"}, outputs={"y": last})
        facts = make_facts(
            {"x": ("float32", [1, widths[0]])},
            {"y": ("float32", [1, widths[-1]])},
            {"FULLY_CONNECTED": len(widths) - 1},
        )
        samples = random.standard_normal((16, widths[0])).astype(np.float32)
        return Dense(Path(path), facts, samples).changed(_without_bias)

    return make


@pytest.fixture
def quantized(tmp_path: Path) -> Callable[..., Done]:
    """Quantize a model by a recipe, with ranges of its samples if the recipe needs them."""

    def quantize(model: Dense, recipe: str = "recipe_file", **options: Any) -> Done:
        request = request_of({**ENDS, "recipe": recipe, **options})
        end = {"static_wi8_ai8": "int8", "static_wi8_ai16": "int16"}.get(recipe, "float32")
        ends = {"input_type": end, "output_type": end}
        candidate = {"candidate": "one", "recipe": recipe, **ends, **options}
        dataset = _calibration_set(model, tmp_path) if request.needs_samples else None
        ranges = _recorded(model, dataset, tmp_path, request.moments) if dataset else None
        inputs = RecipeInputs(str(model.path), model.facts, ranges, dataset)
        paths = [tmp_path / "quantized.tflite", tmp_path / "attestation.json"]
        quantize_recipe(
            inputs,
            candidate,
            LIMITS,
            quantized_path=str(paths[0]),
            attestation_path=str(paths[1]),
        )
        return Done(paths[0].read_bytes(), Attestation.read(paths[1]))

    return quantize


def _calibration_set(model: Dense, folder: Path) -> str:
    source, dataset = folder / "calibration.npz", folder / "calibration"
    np.savez(source, x=model.samples)
    build_dataset(
        Source(str(source)),
        Requirements("serve", "calibration", None, "{}"),
        Selection(),
        Paths(model.facts, str(dataset), str(folder / "summary")),
    )
    return str(dataset)


def _recorded(model: Dense, dataset: str, folder: Path, moments: MomentsForm | None) -> str:
    ranges = folder / "ranges"
    record_ranges(
        str(model.path),
        facts_path=model.facts,
        dataset_path=dataset,
        limits=LIMITS,
        ranges_path=str(ranges),
        moments=moments,
    )
    return str(ranges)
