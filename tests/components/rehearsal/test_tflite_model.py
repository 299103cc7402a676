"""A .tflite is read before a run: its signatures, its outputs, and whether it can be quantized."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.commands.common.checking import check_files
from quantgate.components.litert.flatbuffer import parse
from quantgate.errors import SpecError
from quantgate.spec import load

Problems = Callable[..., list[str]]


@pytest.fixture
def model(scaled_model: Callable[..., str]) -> Path:
    return Path(scaled_model("scaled", [2.0, 3.0, -0.5]))


@pytest.fixture
def problems(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Problems:
    """A function that checks a spec of the model, and gives the messages and hints."""
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", x=np.ones((4, 3), np.float32), y=np.array([0, 1, 0, 1]))

    def check(
        metric: object = "top1",
        data: str = "data.npz",
        recipes: object = "auto",
        **options: object,
    ) -> list[str]:
        spec = {
            "version": 1,
            "name": "scaled",
            "model": {"tflite": str(model), "signatures": ["serve"], **options},
            "data": {
                "calibration": {"source": "data.npz"},
                "evaluation": {"source": data, "label": "y"},
            },
            "quantize": {"recipes": recipes},
            "measure": {"metrics": [metric]},
            "gate": {"size_bytes": {"max_ratio": 0.7}},
        }
        Path("spec.yaml").write_text(json.dumps(spec))
        try:
            check_files(load(Path("spec.yaml")))
        except SpecError as error:
            return [f"{each.message} -> {each.hint}" for each in error.problems]
        return []

    return check


def test_a_sound_model_and_its_data_pass(problems: Problems) -> None:
    assert problems() == []


def test_unknown_signatures_and_outputs_are_named(problems: Problems) -> None:
    assert problems(signatures=["sreve"]) == [
        "the model has no signature `sreve` -> Did you mean `serve`?"
    ]
    assert problems({"metric": "top1", "output": "z"}) == [
        "the model has no output `z` -> Its outputs are `y`."
    ]


def test_data_that_does_not_fit_the_model_is_reported(problems: Problems) -> None:
    np.savez("narrow.npz", x=np.ones((4, 2), np.float32), y=np.array([0, 1, 0, 1]))
    (problem,) = problems(data="narrow.npz")
    assert "`data.evaluation.source` cannot serve as evaluation data" in problem
    assert "`x`" in problem


@pytest.mark.parametrize(
    ("recipe", "rule"),
    [
        (
            {
                "recipe": "dynamic_wi8_afp32",
                "rules": [{"regex": "dense", "recipe": "float32"}],
            },
            "rule 2 of the recipe (regex 'dense', operation *)",
        ),
        (
            {"recipe": "dynamic_wi4_afp32", "algorithm": "OSCAR"},
            "rule 2 of the recipe (regex '.*', operation FULLY_CONNECTED)",
        ),
    ],
)
def test_rules_that_match_no_op_are_refused(problems: Problems, recipe: dict, rule: str) -> None:
    assert problems(recipes=[recipe]) == [
        f"{rule} matches no op of the model. The outputs of its ops are named `out` -> Correct "
        "the rule or the algorithm, or remove it."
    ]
    assert problems(recipes=["dynamic_wi8_afp32"]) == []


def test_a_quantized_model_is_refused(problems: Problems, model: Path) -> None:
    parsed = parse(model.read_bytes())
    quantization = schema.QuantizationParametersT()
    quantization.scale, quantization.zeroPoint = [0.1], [0]
    factors = parsed.subgraphs[0].tensors[1]
    factors.type, factors.quantization = schema.TensorType.INT8, quantization
    model.write_bytes(convert_object_to_bytearray(parsed))
    assert problems() == [
        f"`model.tflite` cannot be used: {model} cannot be quantized: it is quantized already, as "
        "tensor `factors` is quantized. Name the float model that it was made from -> None"
    ]
