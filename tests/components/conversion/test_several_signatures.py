"""Models with several signatures: one .tflite, with calibration samples for each signature."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quantgate.components.attestation.attest import attest
from quantgate.components.attestation.promises import Case
from quantgate.components.calibrate.work import calibrate
from quantgate.components.conversion.converter import recipe_of
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.components.quantize.work import QuantizeInputs, demand_of_mode, quantize
from quantgate.domain.calibrators import TENSORFLOW
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.errors import InputError
from quantgate.records.attestation import Attestation
from quantgate.records.tasks import Measurement, ModelFacts

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
SIGNATURES = ["encode", "decode"]
COUNTS = {"encode": 20, "decode": 24}
Arrays = dict[str, NDArray[Any]]


class Folder:
    """A folder with the artifacts of all tasks."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, name: str) -> str:
        return str(self.path / name)

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts.read(self("facts.json"))


@pytest.fixture(scope="module")
def samples() -> dict[str, Arrays]:
    random = np.random.default_rng(2)
    return {
        "encode": {"image": random.normal(size=(20, 64)).astype(np.float32)},
        "decode": {"code": random.uniform(0, 3, (24, 48)).astype(np.float32)},
    }


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    write_dataset: Callable[..., Path],
    samples: dict[str, Arrays],
) -> Folder:
    """An encoder and a decoder as a float model, with calibration sets, calibrated."""
    files = Folder(tmp_path_factory.mktemp("signatures"))
    run_isolated(_export, files("saved_model"), limits=ResourceLimits(60), reach=OWN_CODE)
    convert_baseline(
        SavedModelGraph(files("saved_model"), SIGNATURES),
        calibrated=True,
        baseline_path=files("baseline.tflite"),
        prepared_path=files("prepared.tflite"),
        facts_path=files("facts.json"),
    )
    for key, arrays in samples.items():
        write_dataset(files.path / "dataset", arrays, key)
    calibrate(
        files("prepared.tflite"),
        facts_path=files("facts.json"),
        dataset_path=files("dataset"),
        limits=ResourceLimits(60.0),
        calibrator=TENSORFLOW,
        calibrated_path=files("calibrated"),
    )
    return files


def _export(folder: str) -> None:
    import tensorflow as tf

    random = np.random.default_rng(6)
    module = tf.Module()
    module.inner = tf.Variable(random.normal(size=(64, 48)).astype(np.float32) / 8)
    module.outer = tf.Variable(random.normal(size=(48, 40)).astype(np.float32) / 7)
    module.encode = tf.function(
        lambda image: {"code": tf.nn.relu(image @ module.inner)},
        input_signature=[tf.TensorSpec([None, 64], tf.float32, name="image")],
    )
    module.decode = tf.function(
        lambda code: {"logits": code @ module.outer},
        input_signature=[tf.TensorSpec([None, 48], tf.float32, name="code")],
    )
    tf.saved_model.save(
        module, folder, signatures={"encode": module.encode, "decode": module.decode}
    )


def _public(saved_model: str, mode_name: str, samples: dict[str, Arrays]) -> bytes:
    """Convert by the guide's recipe for several signatures: `(signature, {name: array})`."""
    import tensorflow as tf

    def representative() -> Iterator[tuple[str, Arrays]]:
        for key, arrays in samples.items():
            for row in range(len(next(iter(arrays.values())))):
                yield key, {name: values[row : row + 1] for name, values in arrays.items()}

    mode = QUANTIZED_MODES[mode_name]
    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=SIGNATURES)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode.supported_ops:
        converter.target_spec.supported_ops = [tf.lite.OpsSet[name] for name in mode.supported_ops]
    if mode.supported_types:
        converter.target_spec.supported_types = [tf.float16]
    converter.inference_input_type = tf.dtypes.as_dtype(mode.io_types[0])
    converter.inference_output_type = tf.dtypes.as_dtype(mode.io_types[0])
    if mode.calibrated:
        converter.representative_dataset = representative
    return bytes(converter.convert())


def _candidate(mode: str) -> dict[str, Any]:
    io_type = QUANTIZED_MODES[mode].io_types[0]
    return {"candidate": mode, "mode": mode, "input_type": io_type, "output_type": io_type}


def test_facts_name_every_signature(folder: Folder):
    facts = folder.facts
    assert facts.keys == SIGNATURES
    assert {key: list(facts.signature(key).inputs) for key in SIGNATURES} == {
        "encode": ["image"],
        "decode": ["code"],
    }
    with pytest.raises(InputError) as caught:
        facts.signature("train")
    assert str(caught.value) == (
        "the model was converted with `encode`, `decode`, and not with `train`"
    )


@pytest.mark.parametrize("mode", QUANTIZED_MODES)
def test_every_mode_gives_what_the_guide_gives(
    folder: Folder, tmp_path: Path, samples: dict[str, Arrays], mode: str
):
    quantize(
        QuantizeInputs(
            saved_model=folder("saved_model"),
            baseline=folder("baseline.tflite"),
            facts=folder("facts.json"),
            calibrated=folder("calibrated"),
            dataset=folder("dataset"),
        ),
        _candidate(mode),
        ResourceLimits(60.0),
        quantized_path=str(tmp_path / "quantized.tflite"),
        attestation_path=str(tmp_path / "attestation.json"),
    )
    content = (tmp_path / "quantized.tflite").read_bytes()
    assert content == run_isolated(
        _public, folder("saved_model"), mode, samples, limits=ResourceLimits(120)
    )
    attestation = Attestation.read(tmp_path / "attestation.json")
    assert (attestation.status, attestation.reasons) == ("converted", [])
    assert [tensor.name for tensor in attestation.inputs] == ["encode.image", "decode.code"]
    assert attestation.trial is not None
    assert sorted(attestation.trial.snr_db) == ["decode.logits", "encode.code"]
    assert min(attestation.trial.snr_db.values()) > 25


def test_a_signature_without_calibration_is_rejected(
    folder: Folder, tmp_path: Path, samples: dict[str, Arrays]
):
    """TensorFlow silently leaves it in float, behind inputs and outputs of int8."""
    half = {"encode": samples["encode"]}
    content = run_isolated(
        _public, folder("saved_model"), "integer_only_int8", half, limits=ResourceLimits(120)
    )
    model = tmp_path / "half.tflite"
    model.write_bytes(content)
    attested = attest(
        Case(
            model=str(model),
            baseline=folder("baseline.tflite"),
            facts=folder.facts,
            demand=demand_of_mode(recipe_of(_candidate("integer_only_int8"))),
            dataset=folder("dataset"),
            timeout_s=60.0,
        )
    )
    assert attested["status"] == "rejected"
    assert (
        "ops left in float, in a mode that promises none: FULLY_CONNECTED (1)"
        in attested["reasons"]
    )


def test_samples_for_one_signature_only_are_no_calibration_set(
    folder: Folder, tmp_path: Path, write_dataset: Callable[..., Path], samples: dict[str, Arrays]
):
    dataset = write_dataset(tmp_path / "dataset", samples["encode"], "encode")
    with pytest.raises(InputError, match=r"signature-decode/manifest\.json"):
        calibrate(
            folder("prepared.tflite"),
            facts_path=folder("facts.json"),
            dataset_path=str(dataset),
            limits=ResourceLimits(60.0),
            calibrator=TENSORFLOW,
            calibrated_path=str(tmp_path / "calibrated"),
        )


def test_each_metric_is_measured_on_its_signature(
    folder: Folder, tmp_path: Path, samples: dict[str, Arrays], assert_same_in_shards
):
    _label(folder, samples)
    metrics = [
        {"metric": "mse", "signature": "encode"},
        {"metric": "top1", "signature": "decode"},
    ]
    inputs = EvaluateInputs(folder("baseline.tflite"), folder("facts.json"), folder("evaluation"))
    evaluate(inputs, EvaluateSettings(metrics), str(tmp_path))
    measurement = Measurement.read(tmp_path / "measurement.json")
    assert measurement.reasons == []
    assert measurement.figures["mse"] == pytest.approx(0.0, abs=1e-9)
    assert measurement.figures["top1"] == 1.0
    assert measurement.samples == sum(COUNTS.values())
    with np.load(tmp_path / "samples.npz") as kept:
        assert {name: len(kept[name]) for name in kept.files} == {"mse": 20, "top1": 24}
    assert_same_in_shards(inputs, EvaluateSettings(metrics), [1, 4])
    with pytest.raises(InputError) as caught:
        evaluate(inputs, EvaluateSettings([{"metric": "top1"}]), str(tmp_path))
    assert str(caught.value) == (
        "metric `top1`: the model has several signatures, `encode`, `decode`. Name one as "
        "`signature`"
    )


def _label(folder: Folder, samples: dict[str, Arrays]) -> None:
    """Build an evaluation set with the float model's outputs as labels."""
    from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
    from quantgate.components.build_dataset.work import build_dataset

    truth = run_isolated(_float_outputs, folder("saved_model"), samples, limits=ResourceLimits(60))
    others: dict[str, str] = {}
    for key in SIGNATURES:
        source = folder(f"{key}.npz")
        np.savez(source, **samples[key], label=truth[key])
        build_dataset(
            Source(source),
            Requirements(key, "evaluation", label="label"),
            Selection(),
            Paths(
                folder("facts.json"),
                folder(f"{key}-set" if key == "encode" else "evaluation"),
                folder(f"{key}-summary"),
                **others,
            ),
        )
        others = {"others": folder(f"{key}-set"), "others_summary": folder(f"{key}-summary")}


def _float_outputs(saved_model: str, samples: dict[str, Arrays]) -> dict[str, NDArray[Any]]:
    import tensorflow as tf

    signatures = tf.saved_model.load(saved_model).signatures
    codes = signatures["encode"](**samples["encode"])["code"].numpy()
    logits = signatures["decode"](**samples["decode"])["logits"].numpy()
    return {"encode": codes, "decode": logits.argmax(axis=1)}
