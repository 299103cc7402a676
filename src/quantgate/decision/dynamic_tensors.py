"""Models with shapes that are known only at run time, which XNNPACK can compute wrongly."""

from collections.abc import Iterator, Sequence

from quantgate.decision.timing_warnings import few_of
from quantgate.domain.warnings import DYNAMIC_TENSORS, Warned
from quantgate.records.attestation import Attestation


def is_dynamic(attestation: Attestation) -> bool:
    """Return whether shapes in a candidate are known only at run time."""
    return attestation.trial is not None and attestation.trial.dynamic


def warnings_of_dynamic_tensors(attestations: Sequence[Attestation]) -> Iterator[Warned]:
    """Warn of candidates that an app has to run with care."""
    names = sorted(each.candidate for each in attestations if is_dynamic(each))
    if names:
        yield DYNAMIC_TENSORS.says(
            f"the shapes of some tensors are known only at run time, in {few_of(names)}. With "
            "XNNPACK, LiteRT 2.3 can return wrong outputs for such a model from the second "
            "invocation on. quantgate allocates the tensors again before each one. In the app, do "
            "the same or load the model without XNNPACK. If only the batch is free, "
            "`model: {batch: 1}` fixes the shapes"
        )
