"""Models that XNNPACK refuses run on LiteRT's built-in kernels."""

from pathlib import Path

import numpy as np
import pytest

from quantgate.components.attestation.inspection import inspect_model
from quantgate.components.litert.interpreter import LiteRTModel
from quantgate.records.tasks import ModelFacts
from quantgate.report.inspection import sentences

REFUSAL = "failed to create XNNPACK runtime"
SAMPLES = np.array([[0.0, 10.0], [10.0, 0.0]], np.float32)


@pytest.fixture
def load(make_facts):
    facts = ModelFacts.read(make_facts({"x": ("float32", [1, 2])}, {"y": ("float32", [1, 2])}))

    def run(path, **options):
        return LiteRTModel(path, facts, facts.signatures[0], {"x": SAMPLES}, **options)

    return run


def outputs_of(model):
    encoded = model.encode({"x": SAMPLES})
    rows = []
    for row in range(2):
        model.reset()
        model.feed(encoded, row)
        model.invoke()
        rows.append(np.array(model.read(model.outputs["y"])))
    return np.stack(rows)


@pytest.mark.parametrize("dynamic", [False, True])
def test_the_built_in_kernels_run_it(load, refused_model, dynamic):
    path = refused_model("refused", dynamic=dynamic)
    model, by_reference = load(path), load(path, reference=True)
    np.testing.assert_array_equal(outputs_of(model), outputs_of(by_reference))
    assert (model.refusal, by_reference.refusal) == (REFUSAL, None)
    assert outputs_of(load(path)).any()


def test_it_runs_step_by_step(load, refused_model):
    path = refused_model("refused", dynamic=True)
    expected, model = outputs_of(load(path)), load(path)
    encoded = model.encode({"x": SAMPLES})
    buffer = np.empty((2, 1, 2), np.float32)
    step = model.stepper(encoded, [(model.outputs["y"], buffer)])
    for row in range(2):
        step(row)
    np.testing.assert_array_equal(buffer[:, 0], expected)
    assert model.refusal == REFUSAL


def test_xnnpack_need_not_be_tried(load, refused_model):
    model = load(refused_model("refused"), xnnpack=False)
    assert outputs_of(model).any()
    assert model.refusal is None


def test_other_models_keep_their_kernels(load, scaled_model):
    model = load(scaled_model("scaled", [1.0, 2.0]))
    np.testing.assert_array_equal(outputs_of(model), SAMPLES * [1, 2])
    assert model.refusal is None


def test_inspection_says_so(refused_model):
    inspection = inspect_model(Path(refused_model("refused")))
    assert inspection.trial is not None
    assert inspection.trial.refusal == REFUSAL
    assert dict(sentences(inspection))["runs"].startswith(
        "yes, on 8 random samples and on built-in kernels, as XNNPACK refuses it (failed to create "
        "XNNPACK runtime). "
    )
