"""Models with shapes that are known only at run time, which XNNPACK can compute wrongly."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from quantgate.components.benchmark.timing import timed
from quantgate.components.litert.interpreter import LiteRTModel
from quantgate.records.tasks import ModelFacts

RANDOM = np.random.default_rng(5)
SAMPLES = RANDOM.normal(size=(4, 16)).astype(np.float32)
#: Without new allocations, about every second interpreter is wrong.
INTERPRETERS = 40


@pytest.fixture
def shaped(stored, step):
    """Reshape a tensor to a shape that an op computes."""

    def parts(source, target, shape):
        numbers, zeros, computed = (f"{target}_{name}" for name in ("numbers", "zeros", "shape"))
        return [
            stored(numbers, [len(shape)], "int32", values=shape),
            stored(zeros, [len(shape)], "int32", values=[0] * len(shape)),
            stored(computed, [len(shape)], "int32"),
            stored(target, shape),
            step("ADD", [numbers, zeros], [computed]),
            step("RESHAPE", [source, computed], [target]),
        ]

    return parts


@pytest.fixture
def dense(stored, step):
    """Multiply a tensor by random weights."""

    def parts(source, target, shape):
        weights = RANDOM.normal(size=shape).astype(np.float32) / 4
        options = schema.FullyConnectedOptionsT()
        return [
            stored(f"{target}_weights", shape, values=weights),
            stored(target, [1, shape[0]]),
            step(
                "FULLY_CONNECTED",
                [source, f"{target}_weights"],
                [target],
                options,
            ),
        ]

    return parts


@pytest.fixture
def dynamic_model(build_model, stored, step, shaped, dense):
    """Path of a model with three parts for XNNPACK, of which LiteRT prepares two at run time."""
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    return build_model(
        "dynamic",
        *(stored("in", [1, 16]), *dense("in", "first", [48, 16])),
        *(*shaped("first", "square", [1, 6, 8]), stored("shares", [1, 6, 8])),
        step("SOFTMAX", ["square"], ["shares"], softmax),
        *(*shaped("shares", "flat", [1, 48]), *dense("flat", "second", [48, 48])),
        *shaped("second", "out", [1, 6, 8]),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )


@pytest.fixture
def load(make_facts):
    outputs = {"y": ("float32", [1, 6, 8])}
    facts = ModelFacts.read(make_facts({"x": ("float32", [1, 16])}, outputs))

    def run(path, **options):
        return LiteRTModel(path, facts, facts.signatures[0], {"x": SAMPLES}, **options)

    return run


def outputs_of(model):
    encoded = model.encode({"x": SAMPLES})
    rows = []
    for row in range(len(SAMPLES)):
        model.reset()
        model.feed(encoded, row)
        model.invoke()
        rows.append(np.array(model.read(model.outputs["y"])))
    return np.stack(rows)


def step_by_step(model):
    encoded = model.encode({"x": SAMPLES})
    buffer = np.empty((len(SAMPLES), 1, 6, 8), np.float32)
    run = model.stepper(encoded, [(model.outputs["y"], buffer)])
    for row in range(len(SAMPLES)):
        run(row)
    return buffer[:, 0]


def as_timed(model):
    encoded = model.encode({"x": SAMPLES})
    rows = []
    for row in range(len(SAMPLES)):
        timed(model, encoded, row)
        rows.append(np.array(model.read(model.outputs["y"])))
    return np.stack(rows)


@pytest.mark.parametrize("outputs", [outputs_of, step_by_step, as_timed])
def test_every_invocation_is_right(dynamic_model, load, outputs):
    expected = outputs_of(load(dynamic_model, reference=True))
    for _ in range(INTERPRETERS):
        np.testing.assert_allclose(outputs(load(dynamic_model)), expected, atol=1e-4)


def test_the_model_says_so(dynamic_model, load):
    assert load(dynamic_model).has_dynamic_tensors


def test_a_model_with_fixed_shapes_has_none(scaled_model, make_facts):
    one = {"x": ("float32", [1, 2])}
    facts = ModelFacts.read(make_facts(one, {"y": ("float32", [1, 2])}))
    path, samples = scaled_model("fixed", [1.0, 2.0]), {"x": np.ones((1, 2), np.float32)}
    assert not LiteRTModel(path, facts, facts.signatures[0], samples).has_dynamic_tensors
