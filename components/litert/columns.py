"""Agreement of single columns of an output, which larger columns beside them could hide.

Boxes in pixels and scores up to 1 in one int8 tensor are an example. The tensor has one scale. It
is too coarse for scores, but the boxes make up nearly all of the tensor's energy.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.records.attestation import ColumnCheck

#: A column varies if its values spread over more than this share of its largest value, and of the
#: output's largest value or 1. The scores of a class that no sample shows do not vary.
LIVELY = 0.05
#: An output is broken if this share of its columns is constant, while the float model's vary. Fewer
#: may be an accident of a few samples, such as a feature that is seldom used.
CONSTANT_SHARE = 0.05
#: Single columns of a sound classifier may agree poorly, because a few samples show few classes.
POOR_SHARE = 0.5
SPLIT = (
    "One scale is too coarse for values of such different sizes. Give each kind an output of its "
    "own, such as boxes and scores"
)
#: Below this ratio, values are almost unrelated to the reference.
POOR_DB = 10.0
Array = NDArray[Any]
Rows = Sequence[Array]


def check_columns(rows: Rows, expected: Rows) -> ColumnCheck | None:
    """Compare the columns of an output with the expected ones, and return the worst check.

    Outputs with up to two dimensions have columns along each of them, and others along the last.

    Returns:
        None if the outputs have one value, are not floats, or differ in shape.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        checks = [_check(rows, expected, axis) for axis in axes_of(rows, expected)]
    return max(checks, key=lambda one: (one.constant_share, one.poor_share), default=None)


def broken_columns(name: str, check: ColumnCheck | None, samples: int) -> str | None:
    """Return a sentence about an output that is broken because of its constant columns."""
    if check is None or check.constant_share < CONSTANT_SHARE:
        return None
    return f"{_constant(name, check, samples)}. {SPLIT}"


def doubtful_columns(name: str, check: ColumnCheck, samples: int) -> str | None:
    """Return a sentence about an output with columns that may be wrong."""
    if broken_columns(name, check, samples):
        return None
    if check.poor_share >= POOR_SHARE:
        return (
            f"{check.poor} of the {check.varying} columns of output `{name}` that vary agree "
            f"poorly with the float model: below {POOR_DB:.0f} dB over {samples} samples. {SPLIT}"
        )
    return _constant(name, check, samples) if check.constant else None


def _constant(name: str, check: ColumnCheck, samples: int) -> str:
    return (
        f"{check.constant} of {check.columns} columns of output `{name}` (dimension {check.axis}) "
        f"are the same for {samples} samples, where the float model's differ"
    )


def axes_of(rows: Rows, expected: Rows) -> Iterator[int]:
    """Yield the dimensions of a sample's output along which it has columns."""
    shapes = {row.shape for row in (*rows, *expected)}
    if len(shapes) != 1 or not np.issubdtype(expected[0].dtype, np.floating):
        return
    (shape,) = shapes
    last = len(shape) - 1
    for axis, size in enumerate(shape):
        if size > 1 and 0 not in shape and (last <= 1 or axis == last):
            yield axis


def varying(rows: Rows, axis: int) -> NDArray[np.bool_]:
    """Return which columns along a dimension vary."""
    low, high = _extremes(rows, axis)
    largest = np.maximum(np.abs(low), np.abs(high))
    spread = high - low
    return np.asarray(
        (spread > LIVELY * largest) & (spread > LIVELY * min(1.0, float(largest.max())))
    )


def energy(rows: Rows, axis: int) -> NDArray[np.float64]:
    """Return the sum of the squares of each column along a dimension."""
    others = _others(rows, axis)
    sums = [np.square(row, dtype=np.float64).sum(axis=others) for row in rows]
    return np.asarray(np.sum(sums, axis=0))


def _check(rows: Rows, expected: Rows, axis: int) -> ColumnCheck:
    lively = varying(expected, axis)
    low, high = _extremes(rows, axis)
    noise = energy([ours - theirs for ours, theirs in zip(rows, expected, strict=True)], axis)
    is_poor = energy(expected, axis) < noise * 10 ** (POOR_DB / 10)
    return ColumnCheck(
        axis=axis + 1,
        columns=len(lively),
        varying=int(lively.sum()),
        constant=int((lively & (low == high)).sum()),
        poor=int((lively & is_poor).sum()),
    )


def _extremes(rows: Rows, axis: int) -> tuple[Array, Array]:
    others = _others(rows, axis)
    low = np.min([row.min(axis=others) for row in rows], axis=0)
    return low, np.max([row.max(axis=others) for row in rows], axis=0)


def _others(rows: Rows, axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(rows[0].ndim) if other != axis)
