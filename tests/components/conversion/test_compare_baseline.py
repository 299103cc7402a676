"""The float baseline compared with its source model: equal ones pass, others fail the task."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.compare_baseline.difference import TOLERANCE, difference_of, largest_of
from quantgate.components.compare_baseline.work import SAMPLES, compare_baseline
from quantgate.errors import InputError
from quantgate.records.source import OutputDifference, SourceComparison

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]


@pytest.fixture
def compared(tmp_path: Path) -> Callable[..., SourceComparison]:
    """Compare the models of a `Prepared`, and read the record back."""

    def run(prepared: Any, baseline: Path | None = None) -> SourceComparison:
        written = tmp_path / "comparison.json"
        paths = (prepared.saved_model, baseline or prepared.baseline, prepared.facts_path)
        compare_baseline(*map(str, paths), str(prepared.dataset), str(written))
        return SourceComparison.read(written)

    return run


@pytest.mark.parametrize("model", ["convolutional", "two_inputs", "fused_lstm"])
def test_a_converted_model_computes_what_its_source_computes(
    prepare: Callable[[str], Any],
    compared: Callable[..., SourceComparison],
    model: str,
) -> None:
    prepared = prepare(model)
    comparison = compared(prepared)
    names = [name for one in prepared.facts.signatures for name in one.outputs]
    assert [output.output for output in comparison.outputs] == names
    assert comparison.unavailable is None
    for output in comparison.outputs:
        assert output.samples == SAMPLES
        assert output.median <= output.largest < 1e-4


def test_another_model_as_the_baseline_is_refused(
    prepare: Callable[[str], Any], compared: Callable[..., SourceComparison], tmp_path: Path
) -> None:
    prepared = prepare("convolutional")
    content = bytearray(prepared.baseline.read_bytes())
    weights = np.random.default_rng(3).normal(size=16).astype(np.float32).tobytes()
    largest = max(_buffers(bytes(content)), key=len)
    place = bytes(content).index(largest)
    content[place : place + len(largest)] = (weights * len(largest))[: len(largest)]
    other = tmp_path / "other.tflite"
    other.write_bytes(content)
    with pytest.raises(InputError) as raised:
        compared(prepared, other)
    said = str(raised.value)
    assert said.startswith(f"{prepared.saved_model}: TensorFlow's converter changed the model. On")
    assert "and at most 1 % is rounding. Export the model again" in said
    assert not (tmp_path / "comparison.json").exists()


def _buffers(content: bytes) -> list[bytes]:
    from quantgate.components.litert.flatbuffer import parse

    return [bytes(one.data) for one in parse(content).buffers if one.data is not None]


def test_a_model_that_cannot_be_loaded_is_not_compared(
    prepare: Callable[[str], Any], compared: Callable[..., SourceComparison], tmp_path: Path
) -> None:
    prepared = prepare("convolutional")
    comparison = compared(replace(prepared, saved_model=tmp_path))
    assert comparison.outputs == []
    assert "SavedModel file does not exist" in (comparison.unavailable or "")


@pytest.mark.parametrize(
    ("expected", "computed", "difference"),
    [
        ([3.0, 4.0], [3.0, 4.0], 0.0),
        ([3.0, 4.0], [3.0, 4.5], 0.1),
        ([0.0, 0.0], [0.0, 0.0], 0.0),
        ([0.0, 0.0], [0.0, 1.0], np.inf),
        ([np.nan, 1.0], [np.nan, 1.0], 0.0),
        ([1.0, 1.0], [np.nan, 1.0], np.inf),
        ([np.inf, 1.0], [1.0, 1.0], np.inf),
        ([1.0], [1.0, 1.0], np.inf),
        ([], [], 0.0),
    ],
)
def test_the_difference_of_floats_is_relative(
    expected: list[float], computed: list[float], difference: float
) -> None:
    arrays = np.array(expected, np.float32), np.array(computed, np.float32)
    assert difference_of(*arrays) == pytest.approx(difference, rel=1e-6)


def test_the_difference_of_integers_is_the_share_that_differs() -> None:
    expected = np.arange(8, dtype=np.int64).reshape(2, 4)
    assert difference_of(expected, expected) == 0.0
    assert difference_of(expected, np.where(expected == 3, 9, expected)) == 0.125
    assert difference_of(expected > 3, expected > 4) == 0.125


def test_a_sample_that_cannot_be_compared_survives_the_record(tmp_path: Path) -> None:
    largest = largest_of([1e-7, 1e-7, difference_of(np.array([1.0]), np.array([np.nan]))])
    difference = OutputDifference(
        signature="serve", output="boxes", samples=3, median=1e-7, largest=largest
    )
    comparison = SourceComparison(
        baseline_sha256="0" * 64, tolerance=TOLERANCE, outputs=[difference]
    )
    comparison.write(tmp_path / "comparison.json")
    assert SourceComparison.read(tmp_path / "comparison.json") == comparison


def test_rounding_is_within_the_tolerance_and_another_class_is_not() -> None:
    scores = np.linspace(-3.0, 3.0, 10, dtype=np.float32)
    assert difference_of(scores, scores * np.float32(1 + 1e-5)) < TOLERANCE
    assert difference_of(scores, scores[::-1]) > TOLERANCE
