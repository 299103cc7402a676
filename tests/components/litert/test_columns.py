"""Columns of outputs: which ones vary, and which are constant or wrong beside larger ones."""

import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quantgate.components.litert.columns import broken_columns, check_columns, doubtful_columns
from quantgate.records.attestation import ColumnCheck

Rows = list[NDArray[Any]]


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(3)


def in_8_bits(rows: Rows) -> Rows:
    """Round values as an int8 output does, with one scale for all of them."""
    scale = max(np.abs(row).max() for row in rows) / 255
    return [(np.rint(row / scale) * scale).astype(np.float32) for row in rows]


def detections(generator: np.random.Generator, size: float, positions: int = 50) -> Rows:
    """Return eight samples with four coordinates up to `size` and ten scores per position."""
    boxes = size * generator.random((8, positions, 4))
    scores = generator.beta(0.1, 1, (8, positions, 10))
    return list(np.concatenate([boxes, scores], axis=2).astype(np.float32))


def test_scores_beside_boxes_in_pixels(generator):
    expected = detections(generator, 640)
    rows = in_8_bits(expected)
    check = check_columns(rows, expected)
    assert check == ColumnCheck(axis=2, columns=14, varying=14, constant=10, poor=10)
    assert broken_columns("y", check, 8) == (
        "10 of 14 columns of output `y` (dimension 2) are the same for 8 samples, where the float "
        "model's differ. One scale is too coarse for values of such different sizes. Give each "
        "kind an output of its own, such as boxes and scores"
    )
    assert doubtful_columns("y", check, 8) is None


def test_columns_may_be_the_first_dimension(generator):
    expected = [np.ascontiguousarray(row.T) for row in detections(generator, 640)]
    check = check_columns(in_8_bits(expected), expected)
    assert check is not None
    assert (check.axis, check.columns, check.constant) == (1, 14, 10)


def test_scores_beside_normalized_boxes_are_sound(generator):
    expected = detections(generator, 1)
    check = check_columns(in_8_bits(expected), expected)
    assert check is not None and (check.constant, check.poor) == (0, 0)


def test_coarse_scores_are_doubtful(generator):
    expected = detections(generator, 350)
    check = check_columns(in_8_bits(expected), expected)
    assert check is not None and check.constant == 0 and check.poor == 10
    sentence = doubtful_columns("y", check, 8)
    assert sentence is not None and sentence.startswith(
        "10 of the 14 columns of output `y` that vary agree poorly with the float model: below 10 "
        "dB over 8 samples. One scale is too coarse"
    )


def test_classes_that_no_sample_shows_are_no_constant_columns(generator):
    """Scores of 100 classes, of which eight samples show at most eight."""
    logits = 8 * np.eye(100)[generator.integers(0, 100, 8)] + generator.normal(size=(8, 100))
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = list(scores.astype(np.float32))
    rows = in_8_bits(expected)
    assert sum(len({float(row[column]) for row in rows}) == 1 for column in range(100)) > 20
    check = check_columns(rows, expected)
    assert check is not None and check.varying <= 8
    assert (check.constant, check.poor) == (0, 0)


def test_a_column_that_is_constant_in_float_too(generator):
    expected = [np.append(generator.random(3), 0.7).astype(np.float32) for _ in range(8)]
    check = check_columns(in_8_bits(expected), expected)
    assert check == ColumnCheck(axis=1, columns=4, varying=3, constant=0, poor=0)


def test_few_constant_columns_are_reported_without_rejecting_the_model(generator):
    expected = [50 * generator.normal(size=512).astype(np.float32) for _ in range(8)]
    rows = in_8_bits(expected)
    for row, quantized in zip(expected, rows, strict=True):
        row[:3], quantized[:3] = 0.1 * row[:3] / 50, 0
    check = check_columns(rows, expected)
    assert broken_columns("y", check, 8) is None
    assert doubtful_columns("y", check, 8) == (
        "3 of 512 columns of output `y` (dimension 1) are the same for 8 samples, where the float "
        "model's differ"
    )


@pytest.mark.parametrize(
    "expected",
    [
        [np.float32([1.0]), np.float32([2.0])],
        [np.array([1, 2]), np.array([2, 1])],
        [np.float32([1, 2]), np.float32([1, 2, 3])],
        [np.zeros((0, 4), np.float32)] * 2,
    ],
    ids=["one value", "integers", "of different shapes", "empty"],
)
def test_outputs_without_columns(expected):
    assert check_columns(expected, expected) is None


def test_values_that_are_not_finite_do_not_vary():
    expected = [np.float32([np.nan, 1.0]), np.float32([np.inf, 2.0])]
    check = check_columns(expected, expected)
    assert check == ColumnCheck(axis=1, columns=2, varying=1, constant=0, poor=0)


@pytest.mark.timing
def test_wide_outputs_take_little_time(generator):
    expected = [generator.random((128, 30_000), np.float32) for _ in range(8)]
    started = time.monotonic()
    check_columns(expected, expected)
    assert time.monotonic() - started < 10
