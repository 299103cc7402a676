"""Record the second moments of the inputs of dense layers, in a second pass over the samples."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from quantgate.components.artifacts.moments import write_moments
from quantgate.components.calibrate.shards import samples_in
from quantgate.components.conversion.failure import sentence
from quantgate.components.processes.isolation import IsolatedFailure, run_side_by_side
from quantgate.components.processes.progress import expect
from quantgate.components.record_ranges.products import (
    Steps,
    Sums,
    merged_sums,
    moments_of,
    record_products,
    steps_of,
)
from quantgate.components.record_ranges.recording import Recorded, Recording
from quantgate.domain.recipes import MomentsForm
from quantgate.records.calibration import Moments
from quantgate.records.outcomes import CalibrationStatus

log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """The result of the pass.

    Attributes:
        sums: of each variant.
        reason: the reason why there are none.
        provisional: whether another attempt may succeed.
    """

    sums: dict[str, Sums]
    reason: str | None = None
    provisional: bool = False


def record_moments(
    recording: Recording, ranges: Mapping[str, Recorded], form: MomentsForm, folder: Path
) -> bool:
    """Write `moments.json` beside the ranges of each variant.

    Args:
        recording: the model and the samples.
        ranges: of the tensors, by variant.
        form: of the moments.
        folder: of the ranges.

    Returns:
        Whether time or memory ran out, so that another attempt may succeed.
    """
    steps = {variant: steps_of(each) for variant, each in ranges.items()}
    outcome = sums_of(recording, steps, form)
    write_all_moments(outcome, steps, form, folder)
    return outcome.provisional


def write_all_moments(
    outcome: Outcome, steps: Mapping[str, Steps], form: MomentsForm, folder: Path
) -> None:
    """Write `moments.json` beside the ranges of each variant that has steps.

    Args:
        outcome: the sums, or the reason why there are none.
        steps: those of tensors by variant.
        form: of the moments.
        folder: of the ranges.
    """
    for variant, known in steps.items():
        values = moments_of(outcome.sums.get(variant, {}), known)
        record = Moments(
            status=CalibrationStatus.FAILED if outcome.reason else CalibrationStatus.CALIBRATED,
            reason=outcome.reason,
            form=form,
            layers=sorted(values),
        )
        write_moments(folder / variant, record, values)


def sums_of(recording: Recording, steps: Mapping[str, Steps], form: MomentsForm) -> Outcome:
    """Run the samples of a recording. Sums that cannot be recorded are a result."""
    shards = recording.shards()
    log.info("recording second moments on %d samples", samples_in(shards))
    expect(samples_in(shards))
    calls = [
        (recording.content, recording.facts, recording.dataset, cells, steps, form)
        for cells in shards
    ]
    try:
        parts = run_side_by_side(record_products, calls, limits=recording.limits)
    except IsolatedFailure as failure:
        return Outcome({}, sentence("recording second moments", failure), failure.passing)
    return Outcome(
        {variant: merged_sums(part.get(variant, {}) for part in parts) for variant in steps}
    )
