"""The samples that a decision rests on: random or real, and calibration against evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass

from quantgate.records import ArrayFacts, Manifest

FACTOR_APART = 10


@dataclass(frozen=True)
class SampleSet:
    """A data set without its values.

    Attributes:
        manifest: what is in it and how it was chosen.
        digests: one for the inputs of each sample; equal samples have equal ones.
    """

    manifest: Manifest
    digests: Sequence[bytes]


def random_purposes(sets: Sequence[SampleSet]) -> list[str]:
    """Which data is random: "calibration", "evaluation"."""
    return [samples.manifest.purpose for samples in sets if samples.manifest.synthetic]


def warnings_about(calibration: SampleSet | None, evaluation: SampleSet | None) -> list[str]:
    """What makes the figures of a run worth less than they look, in sentences."""
    sets = [samples for samples in (calibration, evaluation) if samples]
    warnings = [
        f"the {purpose} data is random: the run shows that the pipeline works, its figures say "
        "nothing about the model"
        for purpose in random_purposes(sets)
    ]
    if calibration is None or evaluation is None or warnings:
        return warnings
    return [*_overlap(calibration, evaluation), *_ranges_apart(calibration, evaluation)]


def _overlap(calibration: SampleSet, evaluation: SampleSet) -> list[str]:
    known = frozenset(calibration.digests)
    shared = sum(digest in known for digest in evaluation.digests)
    if not shared:
        return []
    return [
        f"{shared:,} of the {len(evaluation.digests):,} evaluation samples stand in the "
        "calibration set too: their accuracy says less about new data; keep the two sets apart"
    ]


def _ranges_apart(calibration: SampleSet, evaluation: SampleSet) -> list[str]:
    pairs = {
        name: (facts, evaluation.manifest.inputs[name])
        for name, facts in calibration.manifest.inputs.items()
        if name in evaluation.manifest.inputs and facts.dtype.startswith("float")
    }
    return [
        f"input `{name}` runs from {_range(first)} in the calibration data and from "
        f"{_range(second)} in the evaluation data: one of the two looks unnormalized; prepare "
        "both in the same way"
        for name, (first, second) in pairs.items()
        if _are_apart(first, second)
    ]


def _are_apart(first: ArrayFacts, second: ArrayFacts) -> bool:
    lesser, greater = sorted(
        max(abs(facts.minimum), abs(facts.maximum)) for facts in (first, second)
    )
    return greater > FACTOR_APART * lesser


def _range(facts: ArrayFacts) -> str:
    return f"{facts.minimum:.4g} to {facts.maximum:.4g}"
