"""Calibration in several processes and variants has the same result as a single pass."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import folder_of
from quantgate.components.calibrate import shards
from quantgate.components.calibrate.shards import Cell, cells_of, shards_of
from quantgate.components.calibrate.work import calibrate
from quantgate.components.conversion.converter import Recipe, convert, samples_of
from quantgate.components.conversion.converter import prepare as prepare_float_model
from quantgate.components.conversion.derivation import derive
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.state import is_stateful
from quantgate.components.processes import workers
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.domain.calibrators import TENSORFLOW
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.records.calibration import Calibration
from quantgate.records.datasets import Manifest

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
Prepare = Callable[..., Any]
SIGNATURE = "serving_default"
INT8 = Recipe(QUANTIZED_MODES["integer_only_int8"], "int8", "int8")
FLOATS = Recipe(QUANTIZED_MODES["full_integer"])
INT16X8 = Recipe(QUANTIZED_MODES["int16x8"])


@pytest.fixture
def three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three cores and small shards, independent of this machine."""
    monkeypatch.setattr(shards, "LEAST_SAMPLES", 4)
    monkeypatch.setattr(workers, "processors", lambda: 3)


@pytest.fixture
def with_selections(tmp_path: Path) -> Callable[[Path, dict[str, list[int]]], Path]:
    """Copy a data set, and add variants to its manifest."""

    def make(dataset: Path, selections: dict[str, list[int]]) -> Path:
        variants = shutil.copytree(dataset, tmp_path / "variants")
        path = folder_of(variants, SIGNATURE) / "manifest.json"
        Manifest.read(path).model_copy(update={"selections": selections}).write(path)
        return variants

    return make


def _calibrate(prepared: Any, dataset: Path, folder: Path) -> Path:
    calibrate(
        str(prepared.prepared),
        facts_path=str(prepared.facts_path),
        dataset_path=str(dataset),
        limits=ResourceLimits(60.0),
        calibrator=TENSORFLOW,
        calibrated_path=str(folder),
    )
    return folder


def _derived(calibrated: Path, recipe: Recipe) -> bytes:
    content = (calibrated / "calibrated.tflite").read_bytes()
    return run_isolated(derive, content, recipe, limits=ResourceLimits(60))


def _public(prepared: Any, recipe: Recipe, rows: list[int] | None = None) -> bytes:
    samples = samples_of(prepared.dataset, {SIGNATURE: rows or range(16)})
    arguments = (SavedModelGraph(str(prepared.saved_model), [SIGNATURE]), recipe, samples)
    return run_isolated(convert, *arguments, limits=ResourceLimits(120))


def test_every_row_is_in_one_cell():
    cells = cells_of({"": {"a": [0, 1, 2, 5]}, "few": {"a": [1, 2]}, "other": {"a": [2, 7]}})
    assert cells == [
        Cell("a", (0, 5), ("",)),
        Cell("a", (1,), ("", "few")),
        Cell("a", (2,), ("", "few", "other")),
        Cell("a", (7,), ("other",)),
    ]


def test_rows_of_signatures_are_kept_apart():
    cells = cells_of({"": {"a": [0, 1], "b": [0]}, "few": {"a": [1], "b": [0]}})
    assert cells == [
        Cell("a", (0,), ("",)),
        Cell("a", (1,), ("", "few")),
        Cell("b", (0,), ("", "few")),
    ]


@pytest.mark.usefixtures("three_cores")
def test_shards_share_every_cell():
    divided = shards_of({"": {"a": range(12)}, "few": {"a": range(2)}}, stateful=False)
    assert divided == [
        [Cell("a", (0,), ("", "few")), Cell("a", (2, 5, 8, 11), ("",))],
        [Cell("a", (1,), ("", "few")), Cell("a", (3, 6, 9), ("",))],
        [Cell("a", (4, 7, 10), ("",))],
    ]


@pytest.mark.parametrize(("samples", "count"), [(1, 1), (31, 1), (32, 2), (500, 3)])
def test_few_samples_are_not_worth_a_process(
    monkeypatch: pytest.MonkeyPatch, samples: int, count: int
):
    monkeypatch.setattr(workers, "processors", lambda: 3)
    assert len(shards_of({"": {"a": range(samples)}}, stateful=False)) == count


def test_many_cores_are_not_all_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "processors", lambda: 64)
    assert len(shards_of({"": {"a": range(10_000)}}, stateful=False)) == 8


@pytest.mark.usefixtures("three_cores")
def test_samples_of_a_stateful_model_stay_together_and_in_order():
    divided = shards_of({"": {"a": range(12)}, "few": {"a": [7, 3]}}, stateful=True)
    assert divided == [[Cell("a", tuple(range(12)), ("",))], [Cell("a", (7, 3), ("few",))]]


@pytest.mark.usefixtures("three_cores")
@pytest.mark.parametrize(
    ("model", "recipe"),
    [
        ("convolutional", INT8),
        ("two_inputs", INT16X8),
        ("unrolled", INT8),
        ("branching", INT8),
        ("running_sum", INT16X8),
    ],
)
def test_shards_merge_into_one_pass(prepare: Prepare, tmp_path: Path, model: str, recipe: Recipe):
    prepared = prepare(model)
    divided = _calibrate(prepared, prepared.dataset, tmp_path / "calibrated")
    assert _derived(divided, recipe) == _public(prepared, recipe)


@pytest.mark.usefixtures("three_cores")
# The public converter calibrates twice for 16x8, with the state of the first pass in the second.
@pytest.mark.parametrize(("model", "recipe"), [("convolutional", INT16X8), ("running_sum", FLOATS)])
def test_each_variant_is_calibrated_on_its_rows(
    prepare: Prepare,
    with_selections: Callable[..., Path],
    tmp_path: Path,
    model: str,
    recipe: Recipe,
):
    prepared = prepare(model)
    selections = {"": list(range(12)), "first-3-0": [0, 1, 2], "random-4-7": [2, 9, 13, 15]}
    dataset = with_selections(prepared.dataset, selections)
    folder = _calibrate(prepared, dataset, tmp_path / "calibrated")
    models = {}
    for variant, rows in selections.items():
        models[variant] = _derived(folder / variant, recipe)
        assert models[variant] == _public(prepared, recipe, rows)
        assert Calibration.read(folder / variant / "calibration.json").samples == len(rows)
    assert len(set(models.values())) == 3


@pytest.mark.usefixtures("three_cores")
def test_a_variant_of_nothing_but_nan_fails_alone(
    prepare: Prepare,
    with_selections: Callable[..., Path],
    write_dataset: Callable[..., Path],
    tmp_path: Path,
):
    values = np.random.default_rng(1).normal(size=(8, 64)).astype(np.float32)
    values[6:] = np.nan
    plain = write_dataset(tmp_path / "dataset", {"x": values})
    dataset = with_selections(plain, {"": list(range(8)), "nan": [6, 7]})
    folder = _calibrate(prepare("floor_mod"), dataset, tmp_path / "calibrated")
    assert Calibration.read(folder / "calibration.json").status == "calibrated"
    failed = Calibration.read(folder / "nan" / "calibration.json")
    assert failed.status == "failed"
    assert failed.reason == "calibration gave no tensor a range: no sample holds a finite value"
    assert not (folder / "nan" / "calibrated.tflite").exists()


@pytest.mark.parametrize(("name", "stateful"), [("running_sum", True), ("convolutional", False)])
def test_models_with_state(saved_models: Path, name: str, stateful: bool):
    model = SavedModelGraph(str(saved_models / name), [SIGNATURE])
    content = run_isolated(prepare_float_model, model, limits=ResourceLimits(60))
    assert is_stateful(parse(content)) is stateful
