"""A float model without a signature runs, and so does its normalized form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.interpreter import LiteRTModel
from quantgate.components.litert.normalization import normalized
from quantgate.components.read_tflite.work import read_tflite
from quantgate.records.tasks import ModelFacts

FACTORS = [2.0, 3.0, -0.5]


@pytest.fixture
def bare(scaled_model: Callable[..., str]) -> Path:
    path = Path(scaled_model("scaled", FACTORS))
    model = parse(path.read_bytes())
    model.signatureDefs = []
    path.write_bytes(convert_object_to_bytearray(model))
    return path


@pytest.mark.parametrize("form", [bytes, normalized])
def test_both_forms_run_by_the_names_of_their_tensors(
    bare: Path, tmp_path: Path, form: Callable[[bytes], bytes]
) -> None:
    record = tmp_path / "facts.json"
    read_tflite(
        str(bare),
        ["serving_default"],
        baseline_path=str(tmp_path / "baseline"),
        facts_path=str(record),
    )
    facts = ModelFacts.read(record)
    path = tmp_path / "form.tflite"
    path.write_bytes(form(bare.read_bytes()))
    samples = {"in": np.array([[1, 1, 1], [2, 2, 2]], np.float32)}
    model = LiteRTModel(path, facts, facts.signatures[0], samples)
    model.feed(model.encode(samples), 1)
    model.invoke()
    assert model.read(model.outputs["out"]).tolist() == [4.0, 6.0, -1.0]
