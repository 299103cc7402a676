"""The standing of a candidate before any limit is checked, with the reasons for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from quantgate.records.attestation import Attestation
from quantgate.records.outcomes import AttestationStatus, CandidateStatus, MeasurementStatus
from quantgate.records.targets import TargetMeasurement
from quantgate.records.tasks import Measurement

NO_MEASUREMENT = "no measurement found for this model"


@dataclass(frozen=True)
class Standing:
    """The standing of the baseline or a candidate.

    Attributes:
        status: the state of its model.
        reasons: sentences about conversion and evaluation.
        rejections: those of the reasons why it was rejected or failed.
    """

    status: CandidateStatus
    reasons: list[str]
    rejections: list[str]


def standing_of(attestation: Attestation, measurement: Measurement | None) -> Standing:
    """Return the standing of a candidate.

    Args:
        attestation: of its conversion.
        measurement: of its model, or None if there is none.
    """
    if attestation.status == AttestationStatus.CONVERTED:
        measured = standing_of_measurement(measurement)
        reasons = [*attestation.reasons, *measured.reasons]
        return Standing(measured.status, reasons, measured.rejections)
    return Standing(
        CandidateStatus(attestation.status),
        [*attestation.reasons, *_further_reasons(attestation, measurement)],
        # Attestations of older versions do not list rejections on their own.
        attestation.rejections or attestation.reasons,
    )


def standing_on_targets(standing: Standing, targets: Sequence[TargetMeasurement]) -> Standing:
    """Return the standing of a candidate whose outputs may be wrong on targets."""
    rejections = [f"{each.target}: {sentence}" for each in targets for sentence in each.rejections]
    if not rejections:
        return standing
    measured = standing.status is CandidateStatus.MEASURED
    return Standing(
        CandidateStatus.REJECTED if measured else standing.status,
        [*standing.reasons, *rejections],
        [*standing.rejections, *rejections],
    )


def standing_of_measurement(measurement: Measurement | None) -> Standing:
    """Return the standing of a model that was converted as it should be."""
    if measurement is None:
        return Standing(CandidateStatus.FAILED, [NO_MEASUREMENT], [NO_MEASUREMENT])
    failed = measurement.status == MeasurementStatus.FAILED
    rejections = measurement.reasons if failed else []
    steps = [measurement.steps.reason] if measurement.steps else []
    status = CandidateStatus(measurement.status)
    return Standing(status, [*measurement.reasons, *steps], rejections)


def _further_reasons(attestation: Attestation, measurement: Measurement | None) -> list[str]:
    """Return what was learned about a rejected model that did run in its trial."""
    is_known = attestation.trial is not None and attestation.trial.problem is not None
    if attestation.status != AttestationStatus.REJECTED or is_known:
        return []
    return standing_of_measurement(measurement).reasons
