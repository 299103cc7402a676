"""Candidates whose models are the same file, or give the same outputs in the trial run."""

from collections.abc import Iterator, Sequence

from quantgate.records.attestation import Attestation
from quantgate.wording.twins import same_file_text


def twins_of(attestations: Sequence[Attestation]) -> dict[str, str]:
    """Return a sentence for each candidate that equals an earlier one, by the candidate's name."""
    sentences: dict[str, str] = {}
    files: dict[str, str] = {}
    outputs: dict[str, str] = {}
    for attestation in attestations:
        for sentence in _equal(attestation, files, outputs):
            sentences.setdefault(attestation.candidate, sentence)
        if attestation.model_sha256:
            files.setdefault(attestation.model_sha256, attestation.candidate)
        if sha256 := _outputs(attestation):
            outputs.setdefault(sha256, attestation.candidate)
    return sentences


def _equal(
    attestation: Attestation, files: dict[str, str], outputs: dict[str, str]
) -> Iterator[str]:
    if first := files.get(attestation.model_sha256 or ""):
        yield same_file_text(first)
    trial = attestation.trial
    if trial and (first := outputs.get(_outputs(attestation))):
        yield f"the same outputs as {first}, on {trial.samples} samples"


def _outputs(attestation: Attestation) -> str:
    return (attestation.trial and attestation.trial.outputs_sha256) or ""
