"""How well a model's outputs agree with others for the same samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.records.attestation import KernelCheck, Trial

#: What float32 can tell apart; equal outputs have no other ratio.
HIGHEST_DB = 150.0
#: Below this an output has little to do with what it is compared with.
POOR_DB = 10.0
Rows = Sequence[NDArray[Any]]


def snr_db(rows: Rows, expected: Rows) -> float | None:
    """Signal-to-noise ratio of outputs in dB, over all samples.

    `10 * log10(sum(expected ** 2) / sum((expected - rows) ** 2))`, at most 150.

    Returns:
        None where the expected outputs are no floats, where they are all nought, where values are
        not finite, or where the shapes differ.
    """
    if not _are_comparable(rows, expected):
        return None
    values, wanted = _flat(rows), _flat(expected)
    with np.errstate(invalid="ignore", over="ignore"):
        signal, noise = float(np.sum(wanted**2)), float(np.sum((wanted - values) ** 2))
    if not (0 < signal < np.inf and noise < np.inf):
        return None
    ratio = 10 * np.log10(signal / noise) if noise else HIGHEST_DB
    return round(float(min(ratio, HIGHEST_DB)), 2)


def check_kernels(default: Rows, reference: Rows, scale: float) -> KernelCheck:
    """Compare one output of the default kernels and of the reference kernels.

    Args:
        default: one array a sample, as real values.
        reference: likewise.
        scale: of an integer output; 0.0 for one that holds real values.
    """
    if [row.shape for row in default] != [row.shape for row in reference]:
        return KernelCheck(differing=1.0, steps=None, snr_db=None)
    ours, theirs = _flat(default), _flat(reference)
    equal = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    return KernelCheck(
        differing=round(float(np.mean(~equal)), 6) if equal.size else 0.0,
        steps=round(float(np.abs(ours - theirs).max(initial=0.0)) / scale) if scale else None,
        snr_db=snr_db(default, reference),
    )


def disagreements(trial: Trial) -> list[str]:
    """A sentence for each output that has little to do with what it is compared with."""
    poor = [
        f"output `{name}` agrees poorly with the float model: {ratio:.1f} dB over "
        f"{trial.samples} samples"
        for name, ratio in trial.snr_db.items()
        if ratio < POOR_DB
    ]
    split = [
        f"output `{name}` depends on the kernels: LiteRT's default ones and its reference ones "
        f"{how}"
        for name, check in trial.kernels.items()
        if (how := _how_kernels_differ(check))
    ]
    on_zeros = [
        f"output `{name}` is not finite for an input of zeros, such as silence or a black picture, "
        "where the float model's is"
        for name in trial.not_finite_on_zeros
    ]
    return [*on_zeros, *poor, *split]


def _how_kernels_differ(check: KernelCheck) -> str | None:
    # Kernels round on their own: a step here and there is nothing.
    if not check.differing or (check.steps is not None and check.steps <= 1):
        return None
    if check.snr_db is None:
        return f"differ in {check.differing:.1%} of its values"
    if check.snr_db >= POOR_DB:
        return None
    steps = f", with differences of up to {check.steps} steps" if check.steps else ""
    return f"agree to {check.snr_db:.1f} dB only{steps}"


def _are_comparable(rows: Rows, expected: Rows) -> bool:
    return [row.shape for row in rows] == [row.shape for row in expected] and all(
        np.issubdtype(row.dtype, np.floating) for row in expected
    )


def _flat(rows: Rows) -> NDArray[np.float64]:
    return np.concatenate([np.ravel(row) for row in rows]).astype(np.float64)
