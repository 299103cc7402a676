"""The observer gives the ranges of TensorFlow's calibrator, and leaves to it what it cannot run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.calibrate import observation, ranges
from quantgate.components.calibrate.observation import Extremes, Observer, is_observable
from quantgate.components.calibrate.shards import Cell
from quantgate.components.conversion.converter import Sample, samples_of
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
SIGNATURE = "serving_default"
ROWS = tuple(range(16))
LIMITS = ResourceLimits(60.0)
Prepare = Callable[..., Any]


@pytest.fixture
def all_worthwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let models of any size be observed."""
    monkeypatch.setattr(observation, "LEAST_BYTES", 0)


def _plain(found: ranges.Ranges) -> dict[tuple[int, int], list[float]]:
    return {tensor: [float(one.least[0]), float(one.greatest[0])] for tensor, one in found.items()}


def _both(prepared: bytes, dataset: Path) -> tuple[Any, Any, list[list[int]]]:
    """Return the ranges of the observer and the calibrator, and the overwritten tensors."""
    samples = samples_of(dataset, {SIGNATURE: ROWS})
    observer = Observer(prepared, next(samples()))
    extremes, unclear = observer.ranges(samples())
    assert unclear is None
    overwritten = [[observer.tensors[at] for at in pair] for pair in observer.overwritten]
    return (
        _plain(ranges._ranges_of(observer, extremes)),
        _calibrated(prepared, dataset),
        overwritten,
    )


def _calibrated(prepared: bytes, dataset: Path) -> Any:
    samples = samples_of(dataset, {SIGNATURE: ROWS})
    return _plain(ranges._calibrated(prepared, samples()))


def _recorded(prepared: bytes, dataset: Path) -> tuple[Any, Any]:
    """Return the recorded ranges of a cell, and those of the calibrator for all its samples."""
    ((_, recorded),) = ranges.record(prepared, str(dataset), [Cell(SIGNATURE, ROWS, ("",))])
    return _plain(recorded), _calibrated(prepared, dataset)


@pytest.mark.parametrize(
    "model",
    ["convolutional", "dilated", "unrolled", "masked", "two_inputs", "embedding", "normalized"],
)
def test_ranges_of_the_calibrator(prepare: Prepare, model: str):
    prepared = prepare(model)
    content = prepared.prepared.read_bytes()
    observed, calibrated, _ = run_isolated(_both, content, prepared.dataset, limits=LIMITS)
    assert observed == calibrated


def test_an_overwritten_input_spans_the_result(prepare: Prepare):
    prepared = prepare("cancellation")
    content = prepared.prepared.read_bytes()
    observed, calibrated, overwritten = run_isolated(
        _both, content, prepared.dataset, limits=LIMITS
    )
    assert overwritten
    assert observed == calibrated
    for taken, made in overwritten:
        assert observed[0, taken][0] <= observed[0, made][0]
        assert observed[0, taken][1] >= observed[0, made][1]


@pytest.mark.usefixtures("all_worthwhile")
@pytest.mark.parametrize("nan_at", [0, 5, 15])
def test_samples_from_a_nan_on_are_left_to_the_calibrator(
    prepare: Prepare, write_dataset: Callable[..., Path], tmp_path: Path, nan_at: int
):
    values = np.random.default_rng(1).normal(size=(16, 64)).astype(np.float32)
    values[nan_at, 3] = np.nan
    dataset = write_dataset(tmp_path / "dataset", {"x": values})
    content = prepare("squared_difference").prepared.read_bytes()
    recorded, calibrated = run_isolated(_recorded, content, dataset, limits=LIMITS)
    assert recorded == calibrated


@pytest.mark.usefixtures("all_worthwhile")
@pytest.mark.parametrize("model", ["branching", "looping", "running_sum", "fused_lstm"])
def test_models_with_several_graphs_state_or_inner_tensors(prepare: Prepare, model: str):
    prepared = prepare(model)
    content = prepared.prepared.read_bytes()
    recorded, calibrated = run_isolated(_recorded, content, prepared.dataset, limits=LIMITS)
    assert recorded == calibrated


@pytest.mark.usefixtures("all_worthwhile")
def test_an_interpreter_with_other_ranges_is_not_used(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
):
    true_ranges = Observer.ranges

    def others(observer: Observer, samples: Iterator[Sample]) -> tuple[Extremes, Sample | None]:
        extremes, unclear = true_ranges(observer, samples)
        return extremes._replace(least=extremes.least - 1), unclear

    monkeypatch.setattr(Observer, "ranges", others)
    prepared = prepare("convolutional")
    content = prepared.prepared.read_bytes()
    recorded, calibrated = run_isolated(_recorded, content, prepared.dataset, limits=LIMITS)
    assert recorded == calibrated


@pytest.mark.usefixtures("all_worthwhile")
def test_a_sample_that_fails_is_left_to_the_calibrator(
    prepare: Prepare, write_dataset: Callable[..., Path], tmp_path: Path
):
    tokens = np.zeros((16, 3), np.int32)
    tokens[9] = 99
    dataset = write_dataset(tmp_path / "dataset", {"tokens": tokens})
    content = prepare("embedding").prepared.read_bytes()
    with pytest.raises(IsolatedFailure) as by_calibrator:
        run_isolated(_calibrated, content, dataset, limits=LIMITS)
    with pytest.raises(IsolatedFailure) as recorded:
        run_isolated(_recorded, content, dataset, limits=LIMITS)
    assert str(recorded.value) == str(by_calibrator.value)
    assert "out of bounds" in str(recorded.value)


@pytest.mark.parametrize(
    ("size", "observable"), [(1 << 12, False), (1 << 16, True), (1 << 26, False)]
)
def test_neither_small_tensors_nor_too_many_bytes(prepare: Prepare, size: int, observable: bool):
    model = parse(prepare("floor_mod").prepared.read_bytes())
    for tensor in model.subgraphs[0].tensors:
        tensor.shape = [1, size]
    assert is_observable(model) is observable
