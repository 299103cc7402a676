"""The interpreter: names, quantized inputs and outputs, state, and models that do not run."""

import numpy as np
import pytest

from quantgate.components.litert.binding import ModelFailure, Tensor
from quantgate.components.litert.interpreter import LiteRTModel
from quantgate.records.tasks import ModelFacts

PAIR = {"x": ("float32", [-1, 2])}
OUT = {"y": ("float32", [-1, 2])}


@pytest.fixture
def facts(make_facts):
    """`ModelFacts` of a float model."""

    def read(inputs=PAIR, outputs=OUT, **options):
        return ModelFacts.read(make_facts(inputs, outputs, **options))

    return read


def loaded(path, facts, inputs):
    """Load the only signature of a model."""
    return LiteRTModel(path, facts, facts.signatures[0], inputs)


def outputs_of(model, **arrays):
    """Run samples one by one, and return their float outputs."""
    encoded = model.encode(arrays)
    results = []
    for row in range(len(next(iter(arrays.values())))):
        model.reset()
        model.feed(encoded, row)
        model.invoke()
        results.append({n: t.decode(model.read(t)).tolist() for n, t in model.outputs.items()})
    return results


def test_inputs_and_outputs_are_bound_by_name_not_by_position(build_model, facts, stored, step):
    names = ["second", "first"]
    path = build_model(
        "swapped",
        *(stored(name, [1, 2]) for name in [*names, "difference", "sum"]),
        *(step("SUB", ["first", "second"], ["difference"]), step("ADD", names, ["sum"])),
        inputs={"b": "second", "a": "first"},
        outputs={"total": "sum", "rest": "difference"},
    )
    given = facts(
        {"a": ("float32", [-1, 2]), "b": ("float32", [-1, 2])},
        {"rest": ("float32", [-1, 2]), "total": ("float32", [-1, 2])},
    )
    a, b = np.array([[5, 6]], np.float32), np.array([[1, 4]], np.float32)
    model = loaded(path, given, {"a": a, "b": b})
    assert list(model.inputs) == ["a", "b"]
    assert outputs_of(model, a=a, b=b) == [{"rest": [4.0, 2.0], "total": [6.0, 10.0]}]


@pytest.mark.parametrize(
    ("dtype", "zero_point", "values", "steps"),
    [
        ("int8", -1, [0.25, 0.75, -9.0, 900.0], [-1, 1, -19, 127]),
        ("uint8", 128, [0.25, 0.75, -900.0, 900.0], [128, 130, 0, 255]),
        ("int16", 0, [0.25, 0.75, -9e9, 9e9], [0, 2, -32768, 32767]),
    ],
)
def test_quantization_rounds_half_to_even_and_clips(dtype, zero_point, values, steps):
    tensor = Tensor("x", 0, np.dtype(dtype), 0.5, zero_point)
    encoded = tensor.encode(np.array(values, np.float32))
    assert encoded.dtype == dtype
    assert encoded.tolist() == steps
    assert tensor.decode(encoded).tolist() == [(step - zero_point) * 0.5 for step in steps]


def test_integer_inputs_and_outputs_stand_for_floats(build_model, facts, stored, step):
    def tensor(name):
        return stored(name, [1, 2], "int8", scales=[0.5], zero_points=[10])

    path = build_model(
        "int8",
        *(tensor("in"), tensor("out"), step("MAXIMUM", ["in", "in"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    x = np.array([[1.26, -3.0], [2.0, 1000.0]], np.float32)
    model = loaded(path, facts(), {"x": x})
    assert outputs_of(model, x=x) == [{"y": [1.5, -3.0]}, {"y": [2.0, 58.5]}]


def test_integers_of_the_float_model_pass_unchanged(build_model, facts, stored, step):
    path = build_model(
        "integers",
        *(stored("in", [1, 2], "int32"), stored("out", [1, 2], "int32")),
        step("MAXIMUM", ["in", "in"], ["out"]),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    x = np.array([[7, -100000]], np.int32)
    model = loaded(path, facts({"x": ("int32", [-1, 2])}, {"y": ("int32", [-1, 2])}), {"x": x})
    assert outputs_of(model, x=x) == [{"y": [7, -100000]}]


def test_free_dimensions_are_resized_to_the_samples(build_model, facts, stored, step):
    path = build_model(
        "resizable",
        *(stored("in", [1, 1]), stored("out", [1, 1]), step("ADD", ["in", "in"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    x = np.ones((2, 3), np.float32)
    given = facts({"x": ("float32", [-1, -1])}, {"y": ("float32", [-1, -1])})
    assert outputs_of(loaded(path, given, {"x": x}), x=x) == [{"y": [2.0, 2.0, 2.0]}] * 2


def test_state_does_not_pass_from_sample_to_sample(build_model, facts, stored, step):
    unit = [[1.0]]
    path = build_model(
        "recurrent",
        *(stored("in", [1, 1]), stored("weights", [1, 1], values=unit)),
        *(stored("recurrent", [1, 1], values=unit), stored("bias", [1], values=[0.0])),
        *(stored("state", [1, 1], variable=True), stored("out", [1, 1])),
        step("RNN", ["in", "weights", "recurrent", "bias", "state"], ["out"]),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    x = np.array([[1.0], [2.0], [3.0]], np.float32)
    model = loaded(path, facts({"x": ("float32", [-1, 1])}, {"y": ("float32", [-1, 1])}), {"x": x})
    assert outputs_of(model, x=x) == [{"y": [1.0]}, {"y": [2.0]}, {"y": [3.0]}]
    encoded = model.encode({"x": x})
    for row in (0, 1):
        model.feed(encoded, row)
        model.invoke()
    assert model.read(model.outputs["y"]) == 6.0, "without a reset this model does remember"


def failure(path, facts, x):
    with pytest.raises(ModelFailure) as caught:
        loaded(path, facts, {"x": x})
    return str(caught.value)


X = np.ones((1, 2), np.float32)


def test_other_names_are_a_failure(scaled_model, facts):
    path = scaled_model("scaled", [1.0, 2.0])
    assert failure(path, facts({"a": ("float32", [-1, 2])}), X) == (
        "the model's inputs are `x`, the float model's `a`"
    )
    assert failure(path, facts(PAIR, OUT | {"z": ("float32", [-1])}), X) == (
        "the model's outputs are `y`, the float model's `y`, `z`"
    )


def test_another_signature_is_a_failure(scaled_model, facts):
    given = facts()
    given.signatures[0] = given.signatures[0].model_copy(update={"key": "other"})
    path = scaled_model("scaled", [1.0, 2.0])
    assert failure(path, given, X) == "the model has no signature `other`"


def test_another_dtype_without_quantization_is_a_failure(build_model, facts, stored, step):
    path = build_model(
        "unscaled",
        *(stored("in", [1, 2], "int32"), stored("out", [1, 2], "int32")),
        step("MAXIMUM", ["in", "in"], ["out"]),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    assert failure(path, facts(), X) == (
        "input `x` is int32 with scale 0, the float model's float32, and no quantization converts "
        "one to the other"
    )


def test_a_file_that_is_not_a_model_cannot_be_loaded(tmp_path, facts):
    path = tmp_path / "text.tflite"
    path.write_bytes(b"not a flatbuffer" * 100)
    assert failure(str(path), facts(), X).startswith("the model cannot be loaded: ")


def test_shapes_that_do_not_go_together_cannot_be_allocated(scaled_model, facts):
    x = np.ones((1, 3), np.float32)
    message = failure(scaled_model("scaled", [1.0, 2.0]), facts(), x)
    assert message.startswith("the model cannot be allocated: ")
    assert "failed to prepare" in message


def test_the_shape_of_a_dynamic_output_is_known_once_it_has_run(
    build_model, make_facts, stored, step
):
    path = build_model(
        "tiled",
        *(stored("in", [1, 2]), stored("times", [2], "int32"), stored("out", [1, 2])),
        step("TILE", ["in", "times"], ["out"]),
        inputs={"x": "in", "m": "times"},
        outputs={"y": "out"},
    )
    inputs = {"x": ("float32", [-1, 2]), "m": ("int32", [2])}
    facts = ModelFacts.read(make_facts(inputs, {"y": ("float32", [-1, -1])}))
    samples = {"x": np.ones((3, 2), np.float32), "m": np.array([[1, 3]] * 3, np.int32)}
    model = LiteRTModel(path, facts, facts.signatures[0], samples)
    output = model.outputs["y"]
    assert not model.knows(output)
    model.feed(model.encode(samples), row=0)
    model.invoke()
    assert model.knows(output)
    assert model.read(output).shape == (6,)


def test_the_shape_of_a_static_output_is_known_before_it_runs(scaled_model, make_facts):
    facts = ModelFacts.read(make_facts({"x": ("float32", [-1, 3])}, {"y": ("float32", [-1, 3])}))
    samples = {"x": np.ones((1, 3), np.float32)}
    model = LiteRTModel(scaled_model("m", [1.0, 2.0, 3.0]), facts, facts.signatures[0], samples)
    assert model.knows(model.outputs["y"])
    assert model.read(model.outputs["y"]).shape == (3,)
