"""The difference between a target's outputs and LiteRT's, for the same samples."""

from collections.abc import Sequence

import numpy as np

from quantgate.components.litert.columns import Rows, axes_of, energy, varying
from quantgate.components.measure_targets.subject import Array, Run

#: The largest difference that is recorded, as JSON has no infinity.
HIGHEST = 1e6


def differences_of(
    ours: Sequence[dict[str, Array]], run: Run, *, by_column: bool
) -> dict[str, float]:
    """Return the difference of each output, by name.

    Args:
        ours: the target's outputs as its tensors store them, by sample and name.
        run: LiteRT's run of the same samples.
        by_column: whether the largest difference of a column counts, too.
    """
    return {
        name: _difference(
            [tensor.decode(sample[name].reshape(theirs[name].shape)) for sample, theirs in pairs],
            [tensor.decode(theirs[name]) for _, theirs in pairs],
            by_column,
        )
        for pairs in [list(zip(ours, run.outputs, strict=True))]
        for name, tensor in run.tensors.items()
    }


def _difference(ours: Rows, theirs: Rows, by_column: bool) -> float:
    """Return `rms(ours - theirs) / rms(theirs)`, or the share of integers that differ."""
    if not np.issubdtype(theirs[0].dtype, np.floating):
        return float(np.mean(np.not_equal(ours, theirs)))
    with np.errstate(invalid="ignore", over="ignore"):
        errors = [our - their for our, their in zip(ours, theirs, strict=True)]
        ratios = [_ratio(_whole(errors), _whole(theirs))]
        for axis in axes_of(theirs, theirs) if by_column else ():
            columns = varying(theirs, axis)
            pairs = zip(energy(errors, axis)[columns], energy(theirs, axis)[columns], strict=True)
            ratios += [_ratio(error, expected) for error, expected in pairs]
    return max(ratios)


def _whole(rows: Rows) -> float:
    return float(sum(np.square(row, dtype=np.float64).sum() for row in rows))


def _ratio(error: float, expected: float) -> float:
    if error == 0:
        return 0.0
    ratio = float(np.sqrt(error / expected)) if expected else HIGHEST
    return min(ratio, HIGHEST) if np.isfinite(ratio) else HIGHEST
