"""The failure of a model from those of its shards."""

from collections.abc import Iterable
from dataclasses import replace

from quantgate.components.evaluate.outcome import ModelRun
from quantgate.components.evaluate.scoring import NO_SCORES
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.processes.isolation import IsolatedFailure, OutOfBounds
from quantgate.errors import InputError
from quantgate.records.shards import Shard


def unfinished(run: ModelRun, reason: str) -> ModelRun:
    """Return the run of a model that lacks shards.

    Raises:
        InputError: it is the baseline, without which there is no decision.
    """
    if run.is_of_baseline:
        raise InputError(f"the evaluation of the baseline is not complete: {reason}")
    return replace(run, reasons=[reason], scores=replace(NO_SCORES, provisional=True))


def failure_of(signature: str, shards: Iterable[Shard]) -> ModelFailure | IsolatedFailure | None:
    """Return the failure that one evaluation of all samples would have, or None.

    If time or memory ran out, it names the shard.
    """
    failed = [(shard.name, rows) for shard in shards if (rows := shard.rows[signature]).failure]
    for name, rows in failed:
        if rows.crashed and rows.provisional:
            return OutOfBounds(f"{name} {rows.failure}")
        if rows.crashed:
            return IsolatedFailure(rows.failure)
    return next((ModelFailure(rows.failure) for _, rows in failed), None)
