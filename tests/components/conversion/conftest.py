"""Small SavedModels, and fixtures that convert them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import folder_of
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.domain.calibrators import TENSORFLOW
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.attestation import Attestation
from quantgate.records.datasets import ArrayFacts, Manifest
from quantgate.records.tasks import ModelFacts

SIGNATURE = "serving_default"
SAMPLES = 16
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Prepared:
    """A SavedModel with everything that `quantize` takes."""

    saved_model: Path
    folder: Path
    dataset: Path

    @property
    def baseline(self) -> Path:
        return self.folder / "baseline.tflite"

    @property
    def facts_path(self) -> Path:
        return self.folder / "facts.json"

    @property
    def prepared(self) -> Path:
        return self.folder / "prepared.tflite"

    @property
    def calibrated(self) -> Path:
        return self.folder / "calibrated"

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts.read(self.facts_path)


@pytest.fixture(scope="session")
def unprepared() -> Callable[[Path, Path, Path], Prepared]:
    """Make a `Prepared` from the paths of a SavedModel, its results and its data set."""
    return Prepared


@dataclass(frozen=True)
class Quantized:
    """The output of `quantize`."""

    content: bytes
    attestation: Attestation


@pytest.fixture(scope="session")
def saved_models(make_once: Callable[..., Path]) -> Path:
    """Folder of small SavedModels, by name."""
    return make_once(
        "saved_models",
        lambda folder: run_isolated(
            _export_all, folder, limits=ResourceLimits(120), reach=OWN_CODE
        ),
    )


@pytest.fixture(scope="session")
def write_dataset() -> Callable[..., Path]:
    """Write arrays as a data set folder, without `build_dataset`'s checks."""
    return _write_dataset


@pytest.fixture(scope="session")
def prepare(saved_models: Path, make_once: Callable[..., Path]) -> Callable[..., Prepared]:
    """Convert and calibrate a small SavedModel, or any by its path, once for all tests."""

    def prepared(name: str | Path, batch: str = "") -> Prepared:
        saved_model = saved_models / name
        key = sha256_of_bytes(f"{saved_model} {batch}".encode())[:12]
        folder = make_once(f"prepared-{key}", lambda folder: _prepare(saved_model, folder, batch))
        return Prepared(saved_model, folder, folder / "dataset")

    return prepared


@pytest.fixture
def quantized(tmp_path: Path) -> Callable[..., Quantized]:
    """Run `quantize` on a prepared model: `quantized(prepared, mode, **changes)`."""
    from quantgate.components.quantize.work import QuantizeInputs, quantize
    from quantgate.domain.modes import QUANTIZED_MODES

    def run(prepared: Prepared, mode: str, **changes: Any) -> Quantized:
        default = QUANTIZED_MODES[mode].io_types[0]
        types = {"input_type": default, "output_type": default, **changes.pop("types", {})}
        options = changes.pop("options", {})
        limits = ResourceLimits(changes.pop("timeout_s", 60.0))
        inputs = QuantizeInputs(
            saved_model=str(prepared.saved_model),
            baseline=str(prepared.baseline),
            facts=str(prepared.facts_path),
            calibrated=str(prepared.calibrated),
            dataset=str(prepared.dataset),
        )
        quantize(
            replace(inputs, **changes),
            {"candidate": "candidate", "mode": mode, **types, **options},
            limits,
            quantized_path=str(tmp_path / "quantized.tflite"),
            attestation_path=str(tmp_path / "attestation.json"),
        )
        return Quantized(
            (tmp_path / "quantized.tflite").read_bytes(),
            Attestation.read(tmp_path / "attestation.json"),
        )

    return run


@pytest.fixture(scope="session")
def public_model() -> Callable[..., bytes]:
    """Convert as the guide shows: `public_model(saved_model, mode, samples, io)`."""

    def convert(
        saved_model: Path, mode: str, samples: Arrays, io: tuple[str, str] | None = None
    ) -> bytes:
        return run_isolated(
            _public_model, saved_model, mode, samples, io, limits=ResourceLimits(120)
        )

    return convert


def _public_model(
    saved_model: Path, mode: str, samples: Arrays, io: tuple[str, str] | None
) -> bytes:
    import tensorflow as tf

    int8 = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    int16x8 = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    supported_ops = {
        "integer_only_int8": int8,
        "integer_only_uint8": int8,
        "int16x8": int16x8,
        "int16x8_float_fallback": [*int16x8, tf.lite.OpsSet.TFLITE_BUILTINS],
    }
    ends = {"integer_only_int8": ("int8", "int8"), "integer_only_uint8": ("uint8", "uint8")}
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(saved_model), signature_keys=[SIGNATURE]
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        {name: values[row : row + 1] for name, values in samples.items()}
        for row in range(len(next(iter(samples.values()))))
    )
    if mode in supported_ops:
        converter.target_spec.supported_ops = supported_ops[mode]
    if io or mode in ends:
        input_type, output_type = io or ends[mode]
        converter.inference_input_type = tf.dtypes.as_dtype(input_type)
        converter.inference_output_type = tf.dtypes.as_dtype(output_type)
    content: bytes = converter.convert()
    return content


def _prepare(saved_model: Path, folder: Path, batch: str) -> None:
    from quantgate.components.calibrate.work import calibrate
    from quantgate.components.conversion.saved_model import SavedModelGraph
    from quantgate.components.convert_baseline.work import convert_baseline

    prepared = Prepared(saved_model, folder, folder / "dataset")
    convert_baseline(
        SavedModelGraph(str(saved_model), [SIGNATURE]),
        calibrated=True,
        baseline_path=str(prepared.baseline),
        prepared_path=str(prepared.prepared),
        facts_path=str(prepared.facts_path),
        batch=batch,
    )
    _write_dataset(prepared.dataset, _samples_for(prepared.facts))
    calibrate(
        str(prepared.prepared),
        facts_path=str(prepared.facts_path),
        dataset_path=str(prepared.dataset),
        limits=ResourceLimits(60.0),
        calibrator=TENSORFLOW,
        calibrated_path=str(prepared.calibrated),
    )


def _samples_for(facts: ModelFacts) -> Arrays:
    """Return floats around 0 with another range for each input, and 0 or 1 for integers."""
    random = np.random.default_rng(7)
    samples: dict[str, NDArray[Any]] = {}
    for place, (name, tensor) in enumerate(facts.signature(SIGNATURE).inputs.items(), start=1):
        shape = (SAMPLES, *tensor.shape[1:])
        if tensor.dtype == "float32":
            samples[name] = random.normal(size=shape, scale=place).astype(np.float32)
        else:
            samples[name] = random.integers(0, 2, shape).astype(tensor.dtype)
    return samples


def _write_dataset(dataset: Path, arrays: Arrays, signature: str = SIGNATURE) -> Path:
    folder = folder_of(dataset, signature)
    folder.mkdir(parents=True)
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    count = len(next(iter(arrays.values())))
    Manifest(
        purpose="calibration",
        source="made up",
        inputs={name: _array_facts(name, values) for name, values in arrays.items()},
        label=None,
        samples=count,
        available=count,
        select="first",
        seed=0,
        per_class=None,
        content_sha256="0" * 64,
    ).write(folder / "manifest.json")
    return dataset


def _array_facts(name: str, values: NDArray[Any]) -> ArrayFacts:
    return ArrayFacts(
        file=f"{name}.npy",
        shape=list(values.shape),
        dtype=values.dtype.name,
        minimum=0.0,
        maximum=0.0,
    )


def _export_all(folder: Path) -> None:
    import tensorflow as tf

    tf.keras.utils.set_random_seed(11)
    _convolutional(tf).export(str(folder / "convolutional"), verbose=False)
    _recurrent(tf).export(str(folder / "recurrent"), verbose=False)
    _recurrent(tf, unroll=True).export(str(folder / "unrolled"), verbose=False)
    _export_with_batch(tf, folder / "recurrent_of_one", _recurrent(tf), 1)
    _export_with_batch(tf, folder / "recurrent_of_four", _recurrent(tf), 4)
    _dilated(tf).export(str(folder / "dilated"), verbose=False)
    _masked(tf).export(str(folder / "masked"), verbose=False)
    for name, (function, inputs) in _functions(tf).items():
        _export(tf, folder / name, function, inputs)
    _export_running_sum(tf, folder / "running_sum")
    _export_fused_lstm(tf, folder / "fused_lstm")
    _export_fused_lstm(tf, folder / "uneven_lstm", loudest=200.0)
    tf.saved_model.save(tf.Module(), str(folder / "unsigned"))


def _convolutional(tf: Any) -> Any:
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Input((8, 8, 2), name="image"),
            layers.Conv2D(16, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.Conv2D(64, 1, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(32),
            layers.Softmax(),
        ]
    )
    random = np.random.default_rng(3)
    images = random.normal(size=(64, 8, 8, 2)).astype(np.float32)
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    model.fit(images, random.integers(0, 32, 64), epochs=1, verbose=0)
    return model


def _recurrent(tf: Any, unroll: bool = False) -> Any:
    layers = tf.keras.layers
    lstm = layers.LSTM(4, unroll=unroll)
    return tf.keras.Sequential([layers.Input((5, 3)), lstm, layers.Dense(2)])


def _masked(tf: Any) -> Any:
    layers = tf.keras.layers
    both_ways = layers.Bidirectional(layers.LSTM(8, unroll=True))
    return tf.keras.Sequential(
        [layers.Input((6, 5)), layers.Masking(0.0), both_ways, layers.Dense(3, "softmax")]
    )


def _dilated(tf: Any) -> Any:
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            layers.Input((8, 8, 1), name="image"),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.Conv2D(12, 3, padding="same", dilation_rate=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def _export_with_batch(tf: Any, folder: Path, model: Any, batch: int) -> None:
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    inputs = [tf.TensorSpec([batch, *model.input_shape[1:]], tf.float32, name="x")]
    archive.add_endpoint(SIGNATURE, lambda x: {"y": model(x)}, input_signature=inputs)
    archive.write_out(str(folder), verbose=False)


def _functions(tf: Any) -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    weights = tf.constant(np.random.default_rng(5).normal(size=(64, 64)).astype(np.float32))
    kernel = weights[:1, :36, None, None]
    vector = tf.TensorSpec([None, 64], tf.float32)
    image = tf.TensorSpec([None, 8, 8, 1], tf.float32)

    def dense(x: Any) -> Any:
        return tf.matmul(x, weights)

    def loudness(x: Any) -> Any:
        return tf.sqrt(tf.reduce_mean(x * x, axis=1, keepdims=True) + 1e-9)

    def boxes_and_scores(x: Any) -> tuple[Any, Any]:
        boxes, scores = (tf.matmul(x, weights[:, at] / 8.0) for at in (slice(4), slice(4, 14)))
        return 640.0 * tf.sigmoid(boxes), tf.sigmoid(scores)

    def branch(x: Any) -> Any:
        return tf.cond(tf.reduce_sum(x) > 0.0, lambda: dense(x), lambda: dense(-2.0 * x))

    def loop(x: Any) -> Any:
        def step(i: Any, h: Any) -> Any:
            return i + 1, tf.tanh(dense(h))

        return tf.while_loop(lambda i, _: i < 3, step, (0, x), shape_invariants=None)[1]

    def pixels(x: Any) -> Any:
        return tf.nn.depth_to_space(tf.nn.conv2d(x, tf.reshape(kernel, [3, 3, 1, 4]), 1, "SAME"), 2)

    return {
        "floor_mod": (lambda x: {"y": tf.math.floormod(dense(x), 3.0)}, {"x": vector}),
        "cumsum": (lambda x: {"y": tf.cumsum(dense(x), axis=1)}, {"x": vector}),
        "divide": (lambda x: {"y": dense(x) / (tf.abs(x) + 1.0)}, {"x": vector}),
        "squared_difference": (
            lambda x: {"y": tf.math.squared_difference(dense(x), x)},
            {"x": vector},
        ),
        "boxes_with_scores": (
            lambda x: {"y": tf.concat(boxes_and_scores(x), axis=1)},
            {"x": vector},
        ),
        "boxes_and_scores": (
            lambda x: dict(zip(("boxes", "scores"), boxes_and_scores(x), strict=True)),
            {"x": vector},
        ),
        "depth_to_space": (lambda x: {"y": pixels(x)}, {"x": image}),
        "branching": (lambda x: {"y": branch(x)}, {"x": vector}),
        "looping": (lambda x: {"y": loop(x)}, {"x": tf.TensorSpec([1, 64], tf.float32)}),
        "normalized": (lambda x: {"y": dense(x / loudness(x))}, {"x": vector}),
        "cancellation": (lambda x, b: {"y": (dense(x) + b) - b}, {"x": vector, "b": vector}),
        "faint": (lambda x: {"y": tf.nn.relu6(dense(1e-6 * x))}, {"x": vector}),
        "error_function": (lambda x: {"y": tf.math.erf(dense(x))}, {"x": vector}),
        "gamma": (lambda x: {"y": tf.math.lgamma(dense(x))}, {"x": vector}),
        "gamma_of_one": (
            lambda x: {"y": tf.math.lgamma(dense(x))},
            {"x": tf.TensorSpec([1, 64], tf.float32)},
        ),
        "small": (lambda x: {"y": tf.matmul(x, weights[:4, :4])}, {"x": vector_of(tf, 4)}),
        "two_inputs": (lambda b, a: {"y": dense(a) + 2 * dense(b)}, {"b": vector, "a": vector}),
        "embedding": (
            lambda tokens: {"y": dense(tf.gather(weights, tokens[:, 0]))},
            {"tokens": tf.TensorSpec([None, 3], tf.int32)},
        ),
        "decomposition": (
            lambda x: {"y": tf.linalg.svd(dense(x)[None], compute_uv=False)},
            {"x": vector},
        ),
        **_trained_for_fewer_bits(tf, weights),
        "text": (
            lambda words: {"y": tf.strings.length(words)},
            {"words": tf.TensorSpec([None], tf.string)},
        ),
    }


def _trained_for_fewer_bits(tf: Any, weights: Any) -> dict[str, tuple[Callable[..., Any], Any]]:
    def narrow(x: Any) -> Any:
        return tf.cast(x, tf.bfloat16)

    def in_range(x: Any) -> Any:
        return tf.quantization.fake_quant_with_min_max_args(x, -8, 8)

    def mixed(x: Any) -> dict[str, Any]:
        return {"y": tf.cast(tf.nn.relu(tf.matmul(narrow(x), narrow(weights))), tf.float32)}

    def aware(x: Any) -> dict[str, Any]:
        return {"y": in_range(tf.matmul(in_range(x), in_range(weights)))}

    inputs = {"x": vector_of(tf, 64)}
    return {"mixed_precision": (mixed, inputs), "quantization_aware": (aware, inputs)}


def vector_of(tf: Any, size: int) -> Any:
    return tf.TensorSpec([None, size], tf.float32)


def _export(tf: Any, folder: Path, function: Callable[..., Any], inputs: dict[str, Any]) -> None:
    module = tf.Module()
    named = [tf.TensorSpec(spec.shape, spec.dtype, name=name) for name, spec in inputs.items()]
    module.serve = tf.function(function, input_signature=named)
    tf.saved_model.save(module, str(folder), signatures={SIGNATURE: module.serve})


def _export_running_sum(tf: Any, folder: Path) -> None:
    """Export a model with a resource variable that each invocation adds to."""
    module = tf.Module()
    module.total = tf.Variable(tf.zeros([1, 64]))
    weights = tf.constant(np.random.default_rng(5).normal(size=(64, 64)).astype(np.float32))

    def step(x: Any) -> Any:
        module.total.assign(module.total * 0.5 + tf.matmul(x, weights))
        return {"y": module.total.read_value()}

    module.step = tf.function(step, input_signature=[tf.TensorSpec([1, 64], tf.float32, name="x")])
    tf.saved_model.save(module, str(folder), signatures={SIGNATURE: module.step})


def _export_fused_lstm(tf: Any, folder: Path, loudest: float = 1.0) -> None:
    """Export an LSTM that is marked so that the converter replaces it with a single LiteRT op.

    Keras 2 marks its layer like this. Keras 3 does not. If the last feature is the
    `loudest`, the input is multiplied with that and the kernel divided by it.
    """
    random, steps, units = np.random.default_rng(9), 5, 16

    def weights(*shape: int) -> Any:
        return tf.constant(random.normal(size=shape, scale=0.4).astype(np.float32))

    kernel, recurrent, bias = weights(4, 64), weights(units, 64), weights(64)
    loudness = tf.constant([1.0, 1.0, 1.0, loudest])
    kernel = kernel / loudness[:, None]
    dense = weights(units, 3)

    def standard_lstm(x: Any, h: Any, c: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        states = []
        for step in range(steps):
            gates = tf.matmul(x[:, step], kernel) + tf.matmul(h, recurrent) + bias
            i, f, g, o = tf.split(gates, 4, axis=1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            states.append(h)
        return h, tf.stack(states, axis=1), h, c, tf.constant(1.0)

    lstm = tf.function(
        standard_lstm,
        autograph=False,
        experimental_attributes={
            "api_implements": "lstm_quantgate",
            "api_preferred_device": "CPU",
            "go_backwards": False,
            "time_major": False,
        },
    )

    def last_state(x: Any) -> Any:
        nought = tf.zeros([1, units])
        x = x if loudest == 1.0 else x * loudness
        return {"y": tf.matmul(lstm(x, nought, nought, kernel, recurrent, bias)[0], dense)}

    module = tf.Module()
    x = tf.TensorSpec([1, steps, 4], tf.float32, name="x")
    module.serve = tf.function(last_state, input_signature=[x], autograph=False)
    tf.saved_model.save(module, str(folder), signatures={SIGNATURE: module.serve})
