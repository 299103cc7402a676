"""Silent failures of LiteRT Quantizer and its recipes, and how quantgate handles them."""

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from litert_quantizer.calibrator import Calibrator
from litert_quantizer.quantizer import Quantizer
from numpy.typing import NDArray

from quantgate.components.litert.flatbuffer import has_external_buffers, parse
from quantgate.components.litert.tensors import computed_floats
from quantgate.components.quantizer.engine import NotQuantizable
from quantgate.components.quantizer.engine import quantized as quantized_by
from quantgate.components.quantizer.request import request_of
from quantgate.domain.recipe_rules import rule_of
from quantgate.domain.recipes import (
    RECIPES,
    REFUSED_ALGORITHMS,
    REFUSED_RECIPES,
    REFUSED_WITH_8_BITS,
)
from quantgate.records.calibration import Ranges, TensorRange

Make = Callable[..., Any]


def run(content: bytes, samples: NDArray[Any], kind: str = "AUTO") -> NDArray[Any]:
    """Run a model with one input and one output on samples, in real values."""
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=getattr(OpResolverType, kind)
    )
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    rows = []
    for sample in samples:
        interpreter.set_tensor(taken["index"], _stored(sample[np.newaxis], taken))
        interpreter.invoke()
        rows.append(_real(interpreter.get_tensor(given["index"]), given))
    return np.concatenate(rows)


def _stored(values: NDArray[Any], details: Mapping[str, Any]) -> NDArray[Any]:
    scale, zero_point = details["quantization"]
    if not scale:
        return values.astype(details["dtype"])
    limits = np.iinfo(details["dtype"])
    steps = np.round(values / scale) + zero_point
    return np.clip(steps, limits.min, limits.max).astype(details["dtype"])


def _real(values: NDArray[Any], details: Mapping[str, Any]) -> NDArray[Any]:
    scale, zero_point = details["quantization"]
    return (values.astype(np.float32) - zero_point) * scale if scale else values


def snr_db(expected: NDArray[Any], values: NDArray[Any]) -> float:
    """Return the signal-to-noise ratio in dB."""
    noise = float(np.mean((expected - values) ** 2))
    return float(10 * np.log10(np.mean(expected**2) / max(noise, 1e-30)))


def rule(
    bits: int = 8,
    regex: str = ".*",
    operation: str = "*",
    algorithm: str = "min_max_uniform_quantize",
    granularity: str = "CHANNELWISE",
) -> dict[str, Any]:
    """Return a rule for dynamic activations in the form of the library's JSON files."""
    weights = {"num_bits": bits, "symmetric": True, "granularity": granularity, "dtype": "INT"}
    return {
        "regex": regex,
        "operation": operation,
        "algorithm_key": algorithm,
        "op_config": {
            "weight_tensor_config": weights,
            "compute_precision": "INTEGER",
            "explicit_dequantize": False,
        },
    }


def as_old_file(model: schema.ModelT) -> None:
    """Leave op codes only where old readers look for them."""
    for code in model.operatorCodes:
        code.deprecatedBuiltinCode, code.builtinCode = code.builtinCode, 0


def ranges_of(**extremes: tuple[float, float]) -> Ranges:
    """Return ranges by the names of tensors."""
    tensors = [
        TensorRange(name=name, subgraph=0, minimum=low, maximum=high)
        for name, (low, high) in extremes.items()
    ]
    return Ranges(status="calibrated", samples=1, dataset_sha256="0" * 64, tensors=tensors)


def static(recipe: str = "static_wi8_ai8", dtype: str = "int8") -> Any:
    ends = {"input_type": dtype, "output_type": dtype}
    return request_of({"candidate": "one", "recipe": recipe, **ends})


@pytest.mark.parametrize("recipe", ["dynamic_wi8_afp32", "static_wi8_ai8"])
def test_op_codes_of_old_files_are_read(dense: Make, quantized: Make, recipe: str) -> None:
    """The library takes every op for ADD there: unchanged weights, or one scale for each."""
    done = quantized(dense(64, 64, 10).changed(as_old_file), recipe)
    assert done.attestation.status == "converted"
    assert set(done.dtypes.values()) == {"int8"}
    assert set(done.granularities.values()) == {"per-axis 0"}


def test_a_recipe_that_no_op_supports_is_rejected(dense: Make, quantized: Make) -> None:
    """The library returns the float model without an error."""
    done = quantized(dense(64, 10), rules=[rule(granularity="BLOCKWISE_32")])
    assert done.attestation.status == "rejected"
    assert done.attestation.unchanged
    assert done.attestation.rejections == [
        "quantization changed nothing: no op of the model supports this recipe"
    ]


def test_a_rule_that_matches_nothing_is_a_reason(dense: Make, quantized: Make) -> None:
    """The library returns the float model without an error."""
    done = quantized(dense(64, 64, 10), rules=[rule(), rule(regex="dense_1", operation="CONV_2D")])
    assert done.content == b""
    assert done.attestation.reasons == [
        "the quantization failed: rule 2 of the recipe (regex 'dense_1', operation CONV_2D) "
        "matches no op of the model. The outputs of its ops are named `y0`, `y1`"
    ]


def test_constants_have_no_range(dense: Make, quantized: Make) -> None:
    """With a range, the library gives a weight one scale instead of one for each channel."""
    model = dense(64, 10)
    tensors = computed_floats(parse(model.path.read_bytes()), 0)
    assert {key.name for key in tensors.values()} == {"x", "y0"}
    assert quantized(model, "static_wi8_ai8").granularities == {"w0": "per-axis 0"}


@pytest.mark.parametrize("algorithm", ["GPTQ", "OSCAR"])
def test_algorithms_without_their_moments_are_refused(dense: Make, algorithm: str) -> None:
    """The library writes garbage for GPTQ, and only warns for OSCAR."""
    content = dense(64, 10).path.read_bytes()
    request = request_of(
        {
            "recipe": "dynamic_wi4_afp32",
            "algorithm": algorithm,
            "input_type": "float32",
            "output_type": "float32",
        }
    )
    with pytest.raises(NotQuantizable, match=f"{algorithm} needs the second moments of `x`"):
        quantized_by(content, request, ranges_of(x=(-1, 1), y0=(-1, 1)))


def test_recipes_that_never_work_are_refused() -> None:
    assert "HADAMARD_ROTATION" in REFUSED_ALGORITHMS
    assert {"dynamic_wi2_afp32", "dynamic_wi2b32_afp32", "dynamic_wi8b32_afp32"} <= set(
        REFUSED_RECIPES
    )
    assert "MSE" in REFUSED_WITH_8_BITS


def test_ranges_are_the_extremes_of_all_samples(dense: Make, quantized: Make) -> None:
    """The library keeps a moving average, to which the last of 16 samples adds 5 %."""
    model = dense(64, 10)
    model.samples[-1] *= 10
    expected = run(model.path.read_bytes(), model.samples)
    done = quantized(model, "static_wi8_ai8")
    (output,) = done.attestation.outputs
    held = output.scale * (np.array([-128, 127]) - output.zero_point)
    assert held[0] <= expected.min() + output.scale
    assert held[1] >= expected.max() - output.scale


@pytest.mark.parametrize(
    ("recipe", "options"),
    [("static_wi8_ai8", {}), ("dynamic_wi4_afp32", {"algorithm": "GPTQ"})],
)
def test_the_librarys_own_calibration_is_never_used(
    dense: Make,
    quantized: Make,
    monkeypatch: pytest.MonkeyPatch,
    recipe: str,
    options: dict[str, str],
) -> None:
    """It keeps a moving average, and takes a generator for no samples at all."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the library calibrates")

    for owner in (Quantizer, Calibrator):
        monkeypatch.setattr(owner, "calibrate", refuse)
    assert quantized(dense(64, 10), recipe, **options).attestation.status == "converted"


def test_the_names_of_fused_ops_are_short(dense: Make, quantized: Make) -> None:
    """TensorFlow's converter joins the names of the ops that it fuses."""

    def join(model: schema.ModelT) -> None:
        for tensor in model.subgraphs[0].tensors:
            tensor.name += b";" + tensor.name * 99

    model = dense(64, 64, 10).changed(join)
    done = quantized(model, rules=[rule(regex="dense_1")])
    assert done.attestation.reasons[0].endswith("The outputs of its ops are named `y0`, `y1`")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("recipe", "dtype"), [("static_wi8_ai8", "int8"), ("static_wi8_ai16", "int16")]
)
def test_ranges_that_are_not_finite_are_refused(
    dense: Make, recipe: str, dtype: str, value: float
) -> None:
    """The library writes them into the model, which gives zeros or does not load."""
    content = dense(64, 10).path.read_bytes()
    ranges = ranges_of(x=(-1, 1), y0=(-1, value))
    with pytest.raises(NotQuantizable, match="`y0` has no finite range"):
        quantized_by(content, static(recipe, dtype), ranges)


def with_dead_layer(model: schema.ModelT) -> None:
    """Let the first layer give only 0, and the second one a constant."""
    (graph,) = model.subgraphs
    biases = ([-1000.0] * 8, [1.0, 2.0, 3.0, 4.0])
    for operator, values in zip(graph.operators, biases, strict=True):
        bias, buffer = schema.TensorT(), schema.BufferT()
        buffer.data = np.array(values, np.float32).view(np.uint8)
        model.buffers.append(buffer)
        bias.name, bias.shape = f"b{len(graph.tensors)}", [len(values)]
        bias.type, bias.buffer = schema.TensorType.FLOAT32, len(model.buffers) - 1
        graph.tensors.append(bias)
        operator.inputs = [*operator.inputs[:2], len(graph.tensors) - 1]
    relu = schema.ActivationFunctionType.RELU
    graph.operators[0].builtinOptions.fusedActivationFunction = relu


def test_a_range_that_is_almost_empty_is_refused(dense: Make) -> None:
    """The library writes the scale 4e-14, which XNNPACK refuses."""
    content = dense(64, 64, 10).path.read_bytes()
    ranges = ranges_of(x=(-1, 1), y0=(0, 1e-9), y1=(-1, 1))
    with pytest.raises(NotQuantizable, match="values of `y0` differ by less than 2e-09 for all"):
        quantized_by(content, static(), ranges)


@pytest.mark.parametrize(
    ("recipe", "dtype"), [("static_wi8_ai8", "int8"), ("static_wi8_ai16", "int16")]
)
def test_a_tensor_that_is_always_zero_has_an_assumed_range(
    dense: Make, quantized: Make, recipe: str, dtype: str
) -> None:
    """The library writes the scale 4e-14, which XNNPACK refuses."""
    model = dense(8, 8, 4).changed(with_dead_layer)
    attestation = quantized(model, recipe, input_type=dtype, output_type=dtype).attestation
    assert attestation.status == "converted"
    assert attestation.trial.refusal is None
    assert attestation.reasons == [
        "`y0` is 0 for all calibration samples, and the range from 0 to 1 was assumed. Calibrate "
        "on samples for which the values differ"
    ]


def test_a_tensor_that_stays_in_float_needs_no_range(dense: Make, quantized: Make) -> None:
    model = dense(8, 8, 4).changed(with_dead_layer)
    rules = [rule_of(RECIPES["static_wi8_ai8"]), rule_of(None, operation="FULLY_CONNECTED")]
    done = quantized(model, "static_wi8_ai8", rules=rules)
    assert not any("assumed" in reason for reason in done.attestation.reasons)


def test_weights_in_blocks_are_reported_to_need_xnnpack(dense: Make, quantized: Make) -> None:
    """The reference kernels compute something else, and no error says so."""
    done = quantized(dense(64, 64, 10), "dynamic_wi4b32_afp32")
    assert done.attestation.status == "converted"
    assert set(done.granularities.values()) == {"blockwise"}
    assert any("only XNNPACK computes correctly" in reason for reason in done.attestation.reasons)
    assert done.attestation.trial.kernels["y"].differing > 0.9


def test_a_rotation_that_adds_bytes_is_measured(dense: Make, quantized: Make) -> None:
    """The matrices make a small model larger than the float model."""
    model = dense(64, 64, 10)
    done = quantized(model, "dynamic_wi8c_hr_afp32")
    assert done.attestation.size_bytes == len(done.content) > model.path.stat().st_size


@pytest.mark.parametrize("recipe", ["dynamic_wi4b32_afp32", "dynamic_wi4c_hr_afp32"])
def test_widths_that_do_not_fit_are_a_reason(dense: Make, quantized: Make, recipe: str) -> None:
    """The library ends with a message of NumPy instead of leaving the layer in float."""
    done = quantized(dense(69, 64, 10), recipe)
    assert done.attestation.status == "failed"
    (reason,) = done.attestation.reasons
    assert reason.startswith("the quantization failed: ")
    assert "a layer's inputs do not divide" in reason


@pytest.mark.parametrize("recipe", ["dynamic_wi8_afp32", "static_wi8_ai8"])
def test_constants_are_in_the_flatbuffer(dense: Make, quantized: Make, recipe: str) -> None:
    """From 256 KiB on the library appends them, and TFLite Micro reads zeros."""
    done = quantized(dense(1024, 512, 10), recipe)
    assert done.attestation.status == "converted"
    assert not has_external_buffers(done.content)
    assert set(done.dtypes.values()) == {"int8"}


def test_large_models_are_right_on_tflite_micro(dense: Make, quantized: Make) -> None:
    runtime = pytest.importorskip("tflite_micro").runtime
    model = dense(1024, 512, 10)
    done = quantized(model, "static_wi8_ai8")
    (taken,), (given,) = done.attestation.inputs, done.attestation.outputs
    stored = np.round(model.samples[:1] / taken.scale) + taken.zero_point
    interpreter = runtime.Interpreter.from_bytes(done.content, arena_size=1 << 20)
    interpreter.set_input(np.clip(stored, -128, 127).astype(np.int8), 0)
    interpreter.invoke()
    values = (interpreter.get_output(0).astype(np.float32) - given.zero_point) * given.scale
    assert snr_db(run(model.path.read_bytes(), model.samples[:1]), values) > 20


def test_weight_only_is_refused_for_microcontrollers() -> None:
    """TFLite Micro runs such a model with wrong results."""
    for name in ("weight_only_wi8_afp32", "weight_only_wi4_afp32"):
        assert "wrong results" in RECIPES[name].unfit["microcontroller"]


def test_a_shared_weight_that_is_stored_twice_is_measured(dense: Make, quantized: Make) -> None:
    """One of its ops stays in float, so the model grows."""

    def share(model: schema.ModelT) -> None:
        tensors = {tensor.name: tensor for tensor in model.subgraphs[0].tensors}
        for name in (b"w1", b"w2"):
            tensors[name].buffer = tensors[b"w0"].buffer

    model = dense(64, 64, 64, 64).changed(share)
    done = quantized(model, rules=[rule(regex="^y0;")])
    assert done.attestation.size_bytes > model.path.stat().st_size


def test_the_last_rule_for_an_op_wins(dense: Make, quantized: Make) -> None:
    """The library puts a rule in the place of an earlier one with the same expression."""
    fully = {"operation": "FULLY_CONNECTED"}
    first, between = rule(8, **fully), rule(4, regex="y0", **fully)
    assert quantized(dense(64, 64, 10), rules=[first, between, first]).dtypes["w0"] == "int8"
    assert quantized(dense(64, 64, 10), rules=[first, between]).dtypes["w0"] == "int4"


def test_a_rule_for_all_ops_keeps_earlier_ones_it_cannot_replace(
    dense: Make, quantized: Make
) -> None:
    """The library drops all earlier rules with the same expression."""
    earlier = rule(4, operation="FULLY_CONNECTED")
    unsupported = rule(8, granularity="BLOCKWISE_32")
    assert quantized(dense(64, 64, 10), rules=[earlier, unsupported]).dtypes["w0"] == "int4"


def test_names_can_be_matched_in_full(dense: Make, quantized: Make) -> None:
    """`y1` also takes y10 and y11."""
    wide = quantized(dense(*[64] * 12, 10), rules=[rule(regex="y1")]).dtypes
    exact = quantized(dense(*[64] * 12, 10), rules=[rule(regex="^y1;")]).dtypes
    assert [name for name, dtype in wide.items() if dtype == "int8"] == ["w1", "w10", "w11"]
    assert [name for name, dtype in exact.items() if dtype == "int8"] == ["w1"]


def test_tensors_may_share_a_name(dense: Make, quantized: Make) -> None:
    """The library ends with an error."""

    def rename(model: schema.ModelT) -> None:
        tensors = {tensor.name: tensor for tensor in model.subgraphs[0].tensors}
        tensors[b"w1"].name = b"w0"

    done = quantized(dense(64, 64, 10).changed(rename), "dynamic_wi8_afp32")
    assert done.attestation.status == "converted"


def test_models_without_signature_are_calibrated(dense: Make, quantized: Make) -> None:
    """The library cannot calibrate them. Their inputs have the names of tensors then."""

    def undeclare(model: schema.ModelT) -> None:
        model.signatureDefs = []

    done = quantized_by(
        dense(64, 10).changed(undeclare).path.read_bytes(),
        static(),
        ranges_of(x=(-4, 4), y0=(-4, 4)),
    )
    assert {tensor.type for tensor in parse(done).subgraphs[0].tensors} == {schema.TensorType.INT8}


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "float32"])
def test_ends_have_the_dtype_that_was_asked_for(dense: Make, quantized: Make, dtype: str) -> None:
    """They are int8 by default, and outputs get other names."""
    model = dense(64, 10)
    done = quantized(model, "static_wi8_ai8", input_type=dtype, output_type=dtype)
    ends = [*done.attestation.inputs, *done.attestation.outputs]
    assert [(end.name, end.dtype) for end in ends] == [("x", dtype), ("y", dtype)]
    expected = run(model.path.read_bytes(), model.samples)
    assert snr_db(expected, run(done.content, model.samples)) > 25


@pytest.mark.parametrize(
    ("recipe", "status"), [("dynamic_wi4_afp32", "rejected"), ("float_casting", "rejected")]
)
def test_a_quantized_model_is_no_source(
    dense: Make, quantized: Make, recipe: str, status: str
) -> None:
    """It comes back as it was, or in a form that no interpreter loads."""
    model = dense(64, 64, 10)
    before = quantized(model, "dynamic_wi8_afp32").content
    assert quantized(model.with_content(before), recipe).attestation.status == status


def test_versions_of_ops_stay_and_the_model_runs(dense: Make, quantized: Make) -> None:
    """An old runtime is not warned by them."""
    done = quantized(dense(64, 10), "dynamic_wi4_afp32")
    assert [code.version for code in parse(done.content).operatorCodes] == [1]
    assert done.attestation.trial.problem is None


def test_the_library_prints_nothing(
    dense: Make, quantized: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    """It prints a report and a progress bar."""
    quantized(dense(*[8] * 240), "dynamic_wi8_afp32")
    captured = capfd.readouterr()
    assert "Progress" not in captured.out + captured.err
    assert "%|" not in captured.err


def test_statistics_are_float32(dense: Make) -> None:
    """Python's floats make other bytes than the same values in float32."""
    content = dense(64, 10).path.read_bytes()
    exact, rounded = 1 / 3, float(np.float32(1 / 3))
    models = [
        quantized_by(content, static(), ranges_of(x=(-high, high), y0=(-high, high)))
        for high in (exact, rounded)
    ]
    assert models[0] == models[1]


def test_appended_files_stay(dense: Make, quantized: Make) -> None:
    """The library loses the archive that the metadata names."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("labels.txt", "cat\ndog")
    model = dense(64, 10)
    labelled = model.with_content(model.path.read_bytes() + archive.getvalue())
    done = quantized(labelled, "dynamic_wi8_afp32")
    with zipfile.ZipFile(io.BytesIO(done.content)) as files:
        assert files.read("labels.txt") == b"cat\ndog"
    assert done.attestation.trial.problem is None


def test_a_block_of_zeros_is_rejected(dense: Make, quantized: Make) -> None:
    """Its scale is 0, which XNNPACK refuses."""
    weights = np.random.default_rng(0).standard_normal((64, 64))
    weights[:, :32] = 0
    done = quantized(dense(64, 64, weights={"w0": weights}), "dynamic_wi4b32_afp32")
    assert done.attestation.rejections == [
        "no kernel computes correctly with its weights in blocks, because XNNPACK refuses it"
    ]


def test_kernels_are_compared_after_a_rotation(dense: Make, quantized: Make) -> None:
    """The built-in kernels without XNNPACK are far from both."""
    done = quantized(dense(64, 64, 10), "dynamic_wi4c_hr_afp32")
    assert set(done.attestation.trial.kernels) == {"y"}
