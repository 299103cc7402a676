"""Describe a model's trial run, and find what is broken in its outputs."""

import hashlib
from collections.abc import Iterator

import numpy as np

from quantgate.components.attestation.attempt import Attempt, Outputs, Rows
from quantgate.components.litert.agreement import snr_db
from quantgate.components.litert.columns import LIVELY, broken_columns, check_columns
from quantgate.records.attestation import ColumnCheck, Trial


def trial_of(attempt: Attempt, beside: Attempt | None, *, made_up: bool) -> Trial:
    """Describe an attempt, compared with that of the float model if there is one."""
    outputs = attempt.outputs
    ratios = {name: snr_db(rows, beside.outputs[name]) for name, rows in outputs.items() if beside}
    sound = {name: _is_finite(rows) for name, rows in beside.on_zeros.items()} if beside else {}
    return Trial(
        samples=len(next(iter(outputs.values()), [])),
        made_up=made_up,
        not_finite=[name for name, rows in outputs.items() if not _is_finite(rows)],
        not_finite_on_zeros=[
            name
            for name, rows in attempt.on_zeros.items()
            if not _is_finite(rows) and sound.get(name, True)
        ],
        constant=[name for name, rows in outputs.items() if _is_constant(rows)],
        snr_db={name: ratio for name, ratio in ratios.items() if ratio is not None},
        columns=dict(_columns(outputs, beside.outputs)) if beside else {},
        kernels=attempt.kernels,
        kernels_problem=attempt.kernels_problem,
        refusal=attempt.refusal,
        outputs_sha256=_hash(outputs),
        dynamic=attempt.dynamic,
        sample_s=attempt.sample_s or None,
    )


def _hash(outputs: Outputs) -> str:
    """Hash outputs as float32. Two models with the same hash give the same values."""
    digest = hashlib.sha256()
    for name in sorted(outputs):
        for row in outputs[name]:
            # Adding 0 makes a negative 0 a positive one.
            values = np.asarray(row, np.float32) + np.float32(0)
            digest.update(f"{name}:{values.shape}:".encode() + values.tobytes())
    return digest.hexdigest()


def _columns(outputs: Outputs, expected: Outputs) -> Iterator[tuple[str, ColumnCheck]]:
    for name, rows in outputs.items():
        check = check_columns(rows, expected[name])
        if check and (check.constant or check.poor):
            yield name, check


def defects(trial: Trial, outputs: Outputs, expected: Outputs) -> list[str]:
    """Return a sentence for each output that is broken, unlike the float model's."""
    return [
        sentence
        for name, values in outputs.items()
        if (
            sentence := _defect(name, values, expected[name])
            or broken_columns(name, trial.columns.get(name), trial.samples)
        )
    ]


def _defect(name: str, values: Rows, expected: Rows) -> str | None:
    samples = len(values)
    if _is_finite(expected) and not _is_finite(values):
        return f"output `{name}` is not finite where the float model's is, on {samples} samples"
    if _is_constant(values) and _is_lively(expected):
        return f"output `{name}` is the same for {samples} samples, where the float model's differs"
    return None


def _is_finite(rows: Rows) -> bool:
    return all(bool(np.isfinite(row).all()) for row in rows)


def _is_constant(rows: Rows) -> bool:
    return all(np.array_equal(row, rows[0]) for row in rows)


def _is_lively(rows: Rows) -> bool:
    """Return whether outputs differ by many steps of an int8 output."""
    if len({row.shape for row in rows}) > 1:
        return True
    values = np.stack(rows).astype(np.float64)
    if not values.size:
        return False
    return bool(np.ptp(values, axis=0).max() > LIVELY * np.abs(values).max())
