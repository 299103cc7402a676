"""Agreement of a model's outputs with reference outputs for the same samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.litert.columns import POOR_DB, doubtful_columns
from quantgate.records.attestation import KernelCheck, Trial

#: The precision of float32, and the ratio of equal outputs.
HIGHEST_DB = 150.0
Rows = Sequence[NDArray[Any]]


def snr_db(rows: Rows, expected: Rows) -> float | None:
    """Return the signal-to-noise ratio of outputs over all samples, in dB.

    `10 * log10(sum(expected ** 2) / sum((expected - rows) ** 2))`, at most 150.

    Returns:
        None if the expected outputs are not floats or are all 0, if values are not finite, or if
        the shapes differ.
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
    """Compare one output of the default kernels with that of the reference kernels.

    Args:
        default: real values of the default kernels, one array per sample.
        reference: real values of the reference kernels, one array per sample.
        scale: of an integer output, or 0.0 for a float output.
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
    """Return a sentence for each output that disagrees with the float model or between kernels.

    A model that XNNPACK refuses has a sentence, too.
    """
    refused = (
        []
        if trial.refusal is None
        else [
            f"XNNPACK refuses the model ({trial.refusal}), so it is measured on LiteRT's built-in "
            "kernels: load it without default delegates, as LiteRT uses XNNPACK otherwise"
        ]
    )
    poor = [
        f"output `{name}` agrees poorly with the float model: {ratio:.1f} dB over "
        f"{trial.samples} samples"
        for name, ratio in trial.snr_db.items()
        if ratio < POOR_DB
    ]
    columns = [
        sentence
        for name, check in trial.columns.items()
        if trial.snr_db.get(name, POOR_DB) >= POOR_DB
        and (sentence := doubtful_columns(name, check, trial.samples))
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
    return [*refused, *on_zeros, *poor, *columns, *split]


def _how_kernels_differ(check: KernelCheck) -> str | None:
    # Kernels may round differently, so differences of one step are expected.
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
