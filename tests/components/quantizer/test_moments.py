"""GPTQ and OSCAR weigh errors by the second moments of a layer's inputs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from litert_quantizer.quantizer import Quantizer
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import folder_of
from quantgate.components.artifacts.moments import RECORD as MOMENTS
from quantgate.components.artifacts.moments import read_values
from quantgate.components.calibrate import shards
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.operations import operations
from quantgate.components.processes import workers
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.quantize_recipe.material import RecipeInputs
from quantgate.components.quantize_recipe.work import quantize_recipe
from quantgate.components.quantizer.statistics import statistics
from quantgate.components.record_ranges.work import RECORD, moments_form, record_ranges
from quantgate.domain.recipe_rules import rule_of, rules_of
from quantgate.domain.recipes import RECIPES
from quantgate.errors import InputError
from quantgate.records.calibration import Moments, Ranges
from quantgate.records.datasets import Manifest
from quantgate.records.outcomes import CalibrationStatus

Make = Callable[..., Any]


@pytest.fixture
def skewed(dense: Make) -> Any:
    """A model of two layers, whose inputs are correlated and of different sizes."""
    model = dense(64, 64, 10)
    random = np.random.default_rng(1)
    mixed = random.standard_normal((200, 64)) @ random.standard_normal((64, 64)) / 8
    samples = (mixed * np.geomspace(0.05, 2, 64)).astype(np.float32)
    return model._replace(samples=samples)


def outputs_of(content: bytes, samples: NDArray[Any]) -> NDArray[Any]:
    interpreter = Interpreter(model_content=content)
    run = interpreter.get_signature_runner()
    return np.concatenate([run(x=sample[np.newaxis])["y"] for sample in samples])


def noise_of(done: Any, model: Any) -> float:
    exact = outputs_of(model.path.read_bytes(), model.samples)
    return float(np.mean((outputs_of(done.content, model.samples) - exact) ** 2))


def recorded(model: Any, dataset: str, folder: Path, form: str = "matrix") -> Path:
    record_ranges(
        str(model.path),
        facts_path=model.facts,
        dataset_path=dataset,
        limits=ResourceLimits(60),
        ranges_path=str(folder),
        moments=moments_form(form),
    )
    return folder


@pytest.fixture
def dataset(make_dataset: Make, skewed: Any) -> str:
    return str(make_dataset(skewed.facts, label=None, x=skewed.samples))


@pytest.mark.parametrize("recipe", ["dynamic_wi4_afp32", "dynamic_wi4b32_afp32"])
@pytest.mark.parametrize("algorithm", ["GPTQ", "OSCAR"])
def test_they_lose_less_than_minima_and_maxima(
    quantized: Make, skewed: Any, recipe: str, algorithm: str
) -> None:
    plain = quantized(skewed, recipe)
    done = quantized(skewed, recipe, algorithm=algorithm)
    assert done.attestation.status == "converted"
    assert done.dtypes == plain.dtypes
    assert noise_of(done, skewed) < 0.95 * noise_of(plain, skewed)


@pytest.mark.parametrize(
    ("recipe", "ends"),
    [("weight_only_wi4_afp32", "float32"), ("static_wi4_ai8", "int8")],
)
def test_gptq_is_for_other_recipes_too(
    quantized: Make, skewed: Any, recipe: str, ends: str
) -> None:
    options = {"input_type": ends, "output_type": ends}
    plain = quantized(skewed, recipe, **options)
    done = quantized(skewed, recipe, algorithm="GPTQ", **options)
    assert (done.attestation.status, done.attestation.reasons) == ("converted", [])
    assert set(done.dtypes.values()) == {"int4"}
    assert done.attestation.trial.snr_db["y"] > plain.attestation.trial.snr_db["y"]


@pytest.mark.parametrize(
    ("recipe", "ends"), [("dynamic_wi4_afp32", "float32"), ("static_wi4_ai8", "int8")]
)
def test_a_layer_after_a_reshape_has_the_moments_of_its_own_input(
    build_model: Make,
    make_facts: Make,
    stored: Make,
    step: Make,
    quantized: Make,
    skewed: Any,
    recipe: str,
    ends: str,
) -> None:
    """The library drops them in static recipes, and writes float weights as integers."""
    weights = np.random.default_rng(3).standard_normal((10, 64)) / 8
    model = build_model(
        "reshaped",
        *(stored("x", [1, 8, 8]), stored("shape", [2], "int32", values=[1, 64])),
        *(stored("flat", [1, 64]), step("RESHAPE", ["x", "shape"], ["flat"])),
        *(stored("w0", [10, 64], values=weights), stored("y0", [1, 10])),
        step("FULLY_CONNECTED", ["flat", "w0", None], ["y0"], schema.FullyConnectedOptionsT()),
        inputs={"x": "x"},
        outputs={"y": "y0"},
    )
    facts = make_facts(
        {"x": ("float32", [1, 8, 8])}, {"y": ("float32", [1, 10])}, {"FULLY_CONNECTED": 1}
    )
    samples = skewed.samples.reshape(-1, 8, 8)
    reshaped = skewed._replace(path=Path(model), facts=facts, samples=samples)
    options = {"input_type": ends, "output_type": ends}
    done = quantized(reshaped, recipe, algorithm="GPTQ", **options)
    assert done.attestation.trial.snr_db["y"] > 12


def test_moments_are_means_of_products(skewed: Any, dataset: str, tmp_path: Path) -> None:
    folder = recorded(skewed, dataset, tmp_path / "ranges")
    record = Moments.read(folder / MOMENTS)
    assert (record.status, record.form, record.layers) == ("calibrated", "matrix", ["x", "y0"])
    values = skewed.samples.astype(np.float64)
    expected = values.T @ values / len(values)
    (moments, _) = read_values(folder, record).values()
    assert np.abs(moments - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.filterwarnings("ignore:Warning. Enabling")
def test_hessians_are_those_of_the_librarys_own_calibration(
    skewed: Any, dataset: str, tmp_path: Path
) -> None:
    folder = recorded(skewed, dataset, tmp_path / "ranges")
    moments = read_values(folder, Moments.read(folder / MOMENTS))
    own = statistics(Ranges.read(folder / RECORD), moments)
    quantizer = Quantizer(skewed.path.read_bytes())
    quantizer.load_quantization_recipe(
        rules_of({"recipe": "dynamic_wi4_afp32", "algorithm": "GPTQ"})
    )
    samples = [{"x": sample[np.newaxis]} for sample in skewed.samples]
    theirs = quantizer.calibrate({"serve": samples}, num_threads=1)
    for name in ("x", "y0"):
        expected = theirs[name]["hessian"]
        assert np.abs(own[name]["hessian"] - expected).max() < 1e-5 * np.abs(expected).max()
        assert np.array_equal(own[name]["mu2"] * 2, np.diagonal(own[name]["hessian"]))


def test_the_diagonal_is_that_of_the_matrix(skewed: Any, dataset: str, tmp_path: Path) -> None:
    folders = [recorded(skewed, dataset, tmp_path / form, form) for form in ("diagonal", "matrix")]
    diagonal, matrix = (read_values(each, Moments.read(each / MOMENTS)) for each in folders)
    assert {name: each.shape for name, each in diagonal.items()} == {"x": (64,), "y0": (64,)}
    assert all(np.array_equal(diagonal[name], np.diagonal(matrix[name])) for name in matrix)


def test_any_number_of_processes_records_the_same_bytes(
    skewed: Any, dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "LEAST_SAMPLES", 1)
    contents = set()
    for cores in (1, 2, 7):
        monkeypatch.setattr(workers, "processors", lambda cores=cores: cores)
        folder = recorded(skewed, dataset, tmp_path / str(cores))
        contents.add((folder / "moments.npz").read_bytes())
    assert len(contents) == 1


def test_a_variant_has_the_moments_of_its_own_samples(
    skewed: Any, dataset: str, tmp_path: Path
) -> None:
    """Other variants do not change them, so that a candidate keeps its bytes."""
    path = folder_of(dataset, "serve") / "manifest.json"
    manifest = Manifest.read(path)
    few = list(range(0, 200, 4))
    contents = set()
    for number, selections in enumerate(({"": few}, {"": list(range(200)), "few": few})):
        manifest.model_copy(update={"selections": selections}).write(path)
        folder = recorded(skewed, dataset, tmp_path / str(number)) / ("few" if number else "")
        contents.add((folder / "moments.npz").read_bytes())
    assert len(contents) == 1


def test_they_are_not_recorded_unless_asked(skewed: Any, dataset: str, tmp_path: Path) -> None:
    folder = recorded(skewed, dataset, tmp_path / "ranges", "")
    assert [path.name for path in folder.iterdir()] == [RECORD]


def test_moments_that_fail_are_the_reason_of_candidates_that_need_them(
    skewed: Any, dataset: str, tmp_path: Path
) -> None:
    folder = recorded(skewed, dataset, tmp_path / "ranges")
    failed = Moments.read(folder / MOMENTS).model_copy(
        update={
            "status": CalibrationStatus.FAILED,
            "reason": "recording second moments took too long",
        }
    )
    failed.write(folder / MOMENTS)
    paths = [tmp_path / "model.tflite", tmp_path / "attestation.json"]
    inputs = RecipeInputs(str(skewed.path), skewed.facts, str(folder), dataset)
    for algorithm, reason in (("GPTQ", "recording second moments took too long"), ("OCTAV", None)):
        candidate = {
            "candidate": "one",
            "recipe": "dynamic_wi4_afp32",
            "algorithm": algorithm,
            "input_type": "float32",
            "output_type": "float32",
        }
        delivery = quantize_recipe(
            inputs,
            candidate,
            ResourceLimits(60),
            quantized_path=str(paths[0]),
            attestation_path=str(paths[1]),
        )
        assert delivery.reason == reason


def test_layers_that_are_too_wide_for_a_matrix_are_named(dense: Make, quantized: Make) -> None:
    model = dense(8200, 4)
    failed = quantized(model, "dynamic_wi4_afp32", algorithm="GPTQ").attestation
    assert failed.reasons == [
        "the quantization failed: GPTQ needs a matrix of 8,200 x 8,200 values for `x`, and at most "
        "8,192 x 8,192 are recorded. Quantize that layer by another algorithm, with an entry of "
        "`rules`"
    ]
    assert quantized(model, "dynamic_wi4_afp32", algorithm="OSCAR").dtypes == {"w0": "int4"}


@pytest.mark.parametrize("form", ["", "diagonal"])
def test_a_folder_without_them_is_an_error(
    skewed: Any, dataset: str, tmp_path: Path, form: str
) -> None:
    folder = recorded(skewed, dataset, tmp_path / "ranges", form)
    inputs = RecipeInputs(str(skewed.path), skewed.facts, str(folder), dataset)
    candidate = {
        "candidate": "one",
        "recipe": "dynamic_wi4_afp32",
        "algorithm": "GPTQ",
        "input_type": "float32",
        "output_type": "float32",
    }
    with pytest.raises(InputError, match='pass `moments="matrix"` to `record_ranges`'):
        quantize_recipe(
            inputs,
            candidate,
            ResourceLimits(60),
            quantized_path=str(tmp_path / "model.tflite"),
            attestation_path=str(tmp_path / "attestation.json"),
        )


def test_damaged_moments_are_an_error(skewed: Any, dataset: str, tmp_path: Path) -> None:
    folder = recorded(skewed, dataset, tmp_path / "ranges")
    (folder / "moments.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"moments\.npz cannot be read"):
        read_values(folder, Moments.read(folder / MOMENTS))


def test_an_unknown_form_is_an_error() -> None:
    with pytest.raises(InputError, match="`moments` is `full`"):
        moments_form("full")


def test_layers_with_the_same_input_are_quantized_alike(
    build_model: Make, make_facts: Make, stored: Make, step: Make, quantized: Make, skewed: Any
) -> None:
    """The library adds its damping to the Hessian that it was given, once more for each layer."""
    weights = np.random.default_rng(3).standard_normal((48, 64))
    parts: list[Any] = [stored("x", [1, 64])]
    for number in range(6):
        parts += [
            stored(f"w{number}", [48, 64], values=weights),
            stored(f"y{number}", [1, 48]),
            step(
                "FULLY_CONNECTED",
                ["x", f"w{number}", None],
                [f"y{number}"],
                schema.FullyConnectedOptionsT(),
            ),
        ]
    outputs = {f"y{number}": f"y{number}" for number in range(6)}
    model = build_model("twins", *parts, inputs={"x": "x"}, outputs=outputs)
    facts = make_facts(
        {"x": ("float32", [1, 64])},
        {name: ("float32", [1, 48]) for name in outputs},
        {"FULLY_CONNECTED": 6},
    )
    done = quantized(
        skewed._replace(path=Path(model), facts=facts), "dynamic_wi4_afp32", algorithm="GPTQ"
    )
    layers = [each for each in operations(parse(done.content)) if each.name == "FULLY_CONNECTED"]
    assert len(layers) == 6
    assert len({layer.inputs[1].constant.tobytes() for layer in layers}) == 1


def test_other_ops_keep_the_algorithm_of_the_recipe() -> None:
    rules = rules_of({"recipe": "dynamic_wi4_afp32", "algorithm": "GPTQ"})
    assert rules == [
        rule_of(RECIPES["dynamic_wi4_afp32"]),
        rule_of(RECIPES["dynamic_wi4_afp32"], operation="FULLY_CONNECTED", algorithm="GPTQ"),
    ]
