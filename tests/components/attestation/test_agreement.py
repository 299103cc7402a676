"""Signal-to-noise ratios, and default against reference kernels."""

from typing import Any

import numpy as np
import pytest

from quantgate.components.litert.agreement import check_kernels, disagreements, snr_db
from quantgate.records.attestation import KernelCheck, Trial


def _rows(*rows: Any, dtype: str = "float32") -> list[Any]:
    return [np.asarray(row, dtype) for row in rows]


@pytest.mark.parametrize(
    ("rows", "expected", "ratio"),
    [
        (_rows([9.0], [10.0]), _rows([10.0], [10.0]), 23.01),
        (_rows([1.0, 0.0]), _rows([0.0, 1.0]), -3.01),
        (_rows([1.0, 2.0]), _rows([1.0, 2.0]), 150.0),
        (_rows([1.0 + 1e-12], dtype="float64"), _rows([1.0], dtype="float64"), 150.0),
        (_rows([0.5]), _rows([0.0]), None),
        (_rows([np.nan]), _rows([1.0]), None),
        (_rows([np.inf]), _rows([np.inf]), None),
        (_rows([1.0, 2.0]), _rows([1.0]), None),
        (_rows([1.0]), _rows([1], dtype="int64"), None),
    ],
)
def test_signal_to_noise_ratio(rows: list[Any], expected: list[Any], ratio: float | None):
    assert snr_db(rows, expected) == ratio


@pytest.mark.parametrize(
    ("default", "reference", "scale", "check"),
    [
        (_rows([1.0, 2.0]), _rows([1.0, 2.0]), 0.5, (0.0, 0, 150.0)),
        (_rows([1.0, 2.0], [3.0, 4.0]), _rows([1.0, 2.0], [3.0, 2.5]), 0.5, (0.25, 3, 9.54)),
        (_rows([np.nan, 1.0]), _rows([np.nan, 1.0]), 0.0, (0.0, None, None)),
        (_rows([np.nan, 1.0]), _rows([0.5, 1.0]), 0.0, (0.5, None, None)),
        (_rows([1.0]), _rows([1.0, 2.0]), 0.0, (1.0, None, None)),
        (_rows([]), _rows([]), 0.5, (0.0, 0, None)),
    ],
)
def test_kernels_are_compared_by_share_steps_and_ratio(
    default: list[Any], reference: list[Any], scale: float, check: tuple[float, Any, Any]
):
    differing, steps, ratio = check
    assert check_kernels(default, reference, scale) == KernelCheck(
        differing=differing, steps=steps, snr_db=ratio
    )


@pytest.mark.parametrize(
    ("check", "how"),
    [
        ((0.0, 0, None), None),
        ((0.3, 1, 4.0), None),
        ((0.3, 30, 18.0), None),
        ((0.3, 30, 4.0), "agree to 4.0 dB only, with differences of up to 30 steps"),
        ((1.0, None, 4.0), "agree to 4.0 dB only"),
        ((0.25, None, None), "differ in 25.0% of its values"),
    ],
)
def test_disagreements_between_kernels(check: tuple[float, Any, Any], how: str | None):
    differing, steps, ratio = check
    kernels = KernelCheck(differing=differing, steps=steps, snr_db=ratio)
    trial = Trial(samples=8, made_up=False, snr_db={"y": 10.0}, kernels={"y": kernels})
    sentence = (
        f"output `y` depends on the kernels: LiteRT's default ones and its reference ones {how}"
    )
    assert disagreements(trial) == ([sentence] if how else [])


def test_outputs_that_are_not_finite_on_zeros():
    trial = Trial(samples=8, made_up=False, not_finite_on_zeros=["y"])
    assert disagreements(trial) == [
        "output `y` is not finite for an input of zeros, such as silence or a black picture, "
        "where the float model's is"
    ]


def test_outputs_below_10_db_are_named():
    trial = Trial(samples=8, made_up=False, snr_db={"a": 6.12, "b": -3.0, "c": 30.0})
    assert disagreements(trial) == [
        "output `a` agrees poorly with the float model: 6.1 dB over 8 samples",
        "output `b` agrees poorly with the float model: -3.0 dB over 8 samples",
    ]
