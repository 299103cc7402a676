"""The result of a conversion or quantization, before it is attested."""

from dataclasses import dataclass, replace
from typing import Any

from quantgate.components.attestation.attest import attest
from quantgate.components.attestation.promises import Case
from quantgate.components.litert.flatbuffer import Content
from quantgate.domain.sharding import coarse_seconds
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.attestation import Trial
from quantgate.records.calibration import Calibration, Ranges
from quantgate.records.outcomes import AttestationStatus


@dataclass(frozen=True)
class Delivery:
    """The result of a conversion.

    Attributes:
        content: the model. Empty if the conversion failed.
        reason: the reason why it failed.
        provisional: whether another attempt may succeed, because time or memory ran out.
        sample_s: seconds that a sample took in the trial run, as a power of two. Equal models then
            mostly have equal metadata, and are evaluated once. None without a trial run.
    """

    content: Content
    reason: str | None
    provisional: bool = False
    sample_s: float | None = None

    def tried(self, trial: Trial | None) -> "Delivery":
        """Return the result with the time of a sample."""
        if trial is None or not trial.sample_s:
            return self
        return replace(self, sample_s=coarse_seconds(trial.sample_s))

    def title(self, candidate: str) -> str:
        """Return the title in Kubeflow's UI. Metrics there have the same hash of the model."""
        model = f"model {sha256_of_bytes(self.content)[:12]}" if self.content else "no model"
        return f"{candidate}: {model}"


def outcome_of(delivery: Delivery, case: Case) -> dict[str, Any]:
    """Return the fields of the `Attestation` of a result by name."""
    if delivery.reason:
        reasons = [delivery.reason]
        return {"status": AttestationStatus.FAILED, "reasons": reasons, "rejections": reasons}
    return attest(case)


def representative_dataset(
    calibration: Calibration | Ranges | None, variant: str
) -> dict[str, Any]:
    """Return the representative data as a setting, empty without any.

    Args:
        calibration: the record of the calibration or of the ranges, or None.
        variant: key of the samples. `data.calibration` is the empty one.
    """
    if calibration is None:
        return {}
    return {
        "representative_dataset": {
            "samples": calibration.samples,
            "dataset_sha256": calibration.dataset_sha256,
            "variant": variant,
        }
    }
