"""Warnings about calibration and evaluation data."""

from collections.abc import Iterator

from quantgate.decision.sample_sets import SampleSet, SampleSets, random_purposes
from quantgate.records.tasks import ArrayFacts

FACTOR_APART = 10
#: Of the calibrated range: what chance alone adds to the extremes of a sound sample is less.
UNSEEN_SHARE = 0.5


def warnings_about(calibration: SampleSets, evaluation: SampleSets) -> list[str]:
    """What makes the figures of a run worth less than they look, in sentences."""
    warnings = [
        f"the {purpose} data is random: the run shows that the pipeline works, its figures say "
        "nothing about the model"
        for purpose in random_purposes(calibration, evaluation)
    ]
    if warnings:
        return warnings
    several = len(calibration.keys() | evaluation.keys()) > 1
    return [
        f"signature `{key}`: {warning}" if several else warning
        for key in calibration
        if key in evaluation
        for warning in _warnings_of_pair(calibration[key], evaluation[key])
    ]


def _warnings_of_pair(calibration: SampleSet, evaluation: SampleSet) -> list[str]:
    return [
        *_overlap(calibration, evaluation),
        *_ranges_apart(calibration, evaluation),
        *_ranges_unseen(calibration, evaluation),
    ]


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
    return [
        f"input `{name}` runs from {_range(first)} in the calibration data and from "
        f"{_range(second)} in the evaluation data: one of the two looks unnormalized; prepare "
        "both in the same way"
        for name, first, second in _inputs_of_both(calibration, evaluation)
        if _are_apart(first, second)
    ]


def _ranges_unseen(calibration: SampleSet, evaluation: SampleSet) -> list[str]:
    return [
        f"input `{name}` runs from {_range(second)} in the evaluation data and only from "
        f"{_range(first)} in the calibration data: integer models clip what calibration never saw; "
        "calibrate on samples as broad as those that the model will meet"
        for name, first, second in _inputs_of_both(calibration, evaluation)
        if not _are_apart(first, second)
        and _beyond(first, second) > UNSEEN_SHARE * (first.maximum - first.minimum)
    ]


def _beyond(first: ArrayFacts, second: ArrayFacts) -> float:
    """How far the second range goes beyond the first, on both sides together."""
    below, above = first.minimum - second.minimum, second.maximum - first.maximum
    return max(0.0, below) + max(0.0, above)


def _inputs_of_both(
    calibration: SampleSet, evaluation: SampleSet
) -> Iterator[tuple[str, ArrayFacts, ArrayFacts]]:
    known = evaluation.manifest.inputs
    for name, facts in calibration.manifest.inputs.items():
        if name in known and facts.dtype.startswith("float"):
            yield name, facts, known[name]


def _are_apart(first: ArrayFacts, second: ArrayFacts) -> bool:
    lesser, greater = sorted(
        max(abs(facts.minimum), abs(facts.maximum)) for facts in (first, second)
    )
    return greater > FACTOR_APART * lesser


def _range(facts: ArrayFacts) -> str:
    return f"{facts.minimum:.4g} to {facts.maximum:.4g}"
