"""Warnings about calibration and evaluation data."""

from collections.abc import Iterator
from types import MappingProxyType

import numpy as np

from quantgate.decision.sample_sets import SampleSet, SampleSets, random_purposes
from quantgate.domain.warnings import (
    FEW_CALIBRATION_CLASSES,
    FEW_GROUPS,
    FEWER_SAMPLES,
    RANDOM_DATA,
    REPEATED_SAMPLES,
    SHARED_GROUPS,
    SHARED_SAMPLES,
    UNCALIBRATED_INPUT,
    UNCALIBRATED_RANGE,
    UNNORMALIZED,
    Warned,
)
from quantgate.records.datasets import ArrayFacts, Manifest
from quantgate.statistics.sample_counts import LEAST_GROUPS
from quantgate.wording.figures import plain_text

#: Ranges are far apart if one reaches more than this many times as far as the other.
FACTOR_APART = 10
#: Warn when evaluation inputs exceed the calibrated range by more than this share of it. Sampling
#: noise stays below.
UNSEEN_SHARE = 0.5
_HARM_OF_REPEATS = {
    "calibration": "Repeats add nothing to the calibrated ranges: calibrate on distinct samples",
    "search": "Repeats add nothing to the choice of models: choose by distinct samples",
    "evaluation": "Limits with a confidence are tested on the distinct ones: evaluate on more of "
    "them",
}


def warnings_about(
    calibration: SampleSets, evaluation: SampleSets, search: SampleSets = MappingProxyType({})
) -> list[Warned]:
    """Warn of random, incomplete, overlapping or differently prepared data.

    Args:
        calibration: the calibration sets.
        evaluation: the evaluation sets.
        search: the samples that recovery and the search choose by.
    """
    warnings = [
        RANDOM_DATA.says(
            f"the {purpose} data is random. The run shows that the pipeline works, but its figures "
            "say nothing about the model"
        )
        for purpose in random_purposes(calibration, evaluation, search)
    ]
    if warnings:
        return warnings
    several = len(calibration.keys() | evaluation.keys()) > 1
    return [
        *_about_files(calibration),
        *_about_files(evaluation),
        *_about_counts(calibration),
        *_about_counts(evaluation),
        *_about_groups(evaluation),
        *_about_files(search),
        *_about_counts(search),
        *_about_search(search, evaluation),
    ] + [
        Warned(warning.id, f"signature `{key}`: {warning.message}") if several else warning
        for key in calibration
        if key in evaluation
        for warning in _warnings_of_pair(calibration[key], evaluation[key])
    ]


def _about_search(search: SampleSets, evaluation: SampleSets) -> Iterator[Warned]:
    for key in search.keys() & evaluation.keys():
        chosen_by, judged_by = search[key], evaluation[key]
        yield from _overlap(chosen_by, judged_by)
        yield from _shared_groups(chosen_by, judged_by)


def _about_files(sets: SampleSets) -> list[Warned]:
    warnings = [
        Warned(warning.id, f"{samples.manifest.purpose} data: {warning.message}")
        for samples in sets.values()
        for warning in samples.manifest.warnings
    ]
    return list(dict.fromkeys(warnings))


def _about_counts(sets: SampleSets) -> Iterator[Warned]:
    for key, samples in sets.items():
        manifest, of = samples.manifest, f" of signature `{key}`" * (len(sets) > 1)
        kind = f"{manifest.purpose} samples{of}"
        if manifest.requested and manifest.requested > manifest.available:
            yield FEWER_SAMPLES.says(
                f"{manifest.requested:,} {kind} were asked for. The source has only "
                f"{manifest.available:,}, which are all used: lower `samples`, or add more"
            )
        if manifest.distinct and manifest.distinct < manifest.samples:
            yield REPEATED_SAMPLES.says(
                f"{manifest.distinct:,} of {manifest.samples:,} {kind} are distinct. "
                f"{_HARM_OF_REPEATS[manifest.purpose]}"
            )


def _about_groups(sets: SampleSets) -> Iterator[Warned]:
    for key, samples in sets.items():
        groups, of = samples.manifest.groups, f" of signature `{key}`" * (len(sets) > 1)
        if groups and groups.effective < LEAST_GROUPS:
            yield FEW_GROUPS.says(
                f"the {groups.count:,} groups by `{groups.key}` in the evaluation data{of} count "
                f"as {plain_text(groups.effective)} of equal size. Limits with a confidence need "
                f"at least {LEAST_GROUPS}: evaluate on more groups"
            )


def _warnings_of_pair(calibration: SampleSet, evaluation: SampleSet) -> list[Warned]:
    return [
        *_overlap(calibration, evaluation),
        *_shared_groups(calibration, evaluation),
        *_few_classes(calibration.manifest, evaluation.manifest),
        *_ranges_apart(calibration, evaluation),
        *_ranges_unseen(calibration, evaluation),
        *_constants_unseen(calibration, evaluation),
    ]


def _overlap(calibration: SampleSet, evaluation: SampleSet) -> list[Warned]:
    shared = np.count_nonzero(np.isin(evaluation.digests, calibration.digests))
    if not shared:
        return []
    return [
        SHARED_SAMPLES.says(
            f"{shared:,} of the {len(evaluation.digests):,} evaluation samples are in the "
            f"{calibration.manifest.purpose} set too. Accuracy on them says less about new data: "
            "keep the two sets apart"
        )
    ]


def _shared_groups(calibration: SampleSet, evaluation: SampleSet) -> list[Warned]:
    groups = evaluation.manifest.groups
    shared = np.count_nonzero(np.isin(evaluation.groups, calibration.groups))
    if not (groups and shared):
        return []
    return [
        SHARED_GROUPS.says(
            f"{shared:,} of the {groups.count:,} groups by `{groups.key}` in the evaluation data "
            f"are in the {calibration.manifest.purpose} set too. Accuracy on them says less about "
            "new groups: keep the two sets apart"
        )
    ]


def _few_classes(calibration: Manifest, evaluation: Manifest) -> Iterator[Warned]:
    """Warn if random samples of the evaluation data would have twice as many classes."""
    seen, counts = calibration.per_class, (evaluation.per_class or {}).values()
    expected = sum(1 - (1 - count / sum(counts)) ** calibration.samples for count in counts)
    if seen and len(seen) < expected / 2:
        yield FEW_CALIBRATION_CLASSES.says(
            f"the {calibration.samples:,} calibration samples belong to {len(seen)} "
            f"class{'es' * (len(seen) > 1)}, and the evaluation data has {len(counts)}. Integer "
            "models clip values that only the other classes produce: calibrate on samples of all "
            "classes, such as with `select: stratified`"
        )


def _ranges_apart(calibration: SampleSet, evaluation: SampleSet) -> list[Warned]:
    return [
        UNNORMALIZED.says(
            f"input `{name}` ranges from {_range(first)} in the calibration data and from "
            f"{_range(second)} in the evaluation data. One of the two looks unnormalized: prepare "
            "both in the same way"
        )
        for name, first, second in _floats_of_both(calibration, evaluation)
        if _are_apart(first, second)
    ]


def _ranges_unseen(calibration: SampleSet, evaluation: SampleSet) -> list[Warned]:
    return [
        UNCALIBRATED_RANGE.says(
            f"input `{name}` ranges from {_range(second)} in the evaluation data and only from "
            f"{_range(first)} in the calibration data. Integer models clip values outside the "
            "calibrated range: calibrate on samples as varied as the model's inputs"
        )
        for name, first, second in _floats_of_both(calibration, evaluation)
        if not _are_apart(first, second)
        and _beyond(first, second) > UNSEEN_SHARE * (first.maximum - first.minimum)
    ]


def _constants_unseen(calibration: SampleSet, evaluation: SampleSet) -> list[Warned]:
    """Warn of integer inputs that enable parts of the model that calibration never ran."""
    return [
        UNCALIBRATED_INPUT.says(
            f"input `{name}` is {first.minimum:.4g} in all calibration samples and ranges from "
            f"{_range(second)} in the evaluation data. What it changes in the model was not "
            "calibrated: calibrate on samples as varied as the model's inputs"
        )
        for name, first, second in _inputs_of_both(calibration, evaluation)
        if not _is_float(first) and first.minimum == first.maximum and _beyond(first, second)
    ]


def _beyond(first: ArrayFacts, second: ArrayFacts) -> float:
    """Return how far the second range exceeds the first, on both sides together."""
    below, above = first.minimum - second.minimum, second.maximum - first.maximum
    return max(0.0, below) + max(0.0, above)


def _inputs_of_both(
    calibration: SampleSet, evaluation: SampleSet
) -> Iterator[tuple[str, ArrayFacts, ArrayFacts]]:
    known = evaluation.manifest.inputs
    for name, facts in calibration.manifest.inputs.items():
        if name in known:
            yield name, facts, known[name]


def _floats_of_both(
    calibration: SampleSet, evaluation: SampleSet
) -> Iterator[tuple[str, ArrayFacts, ArrayFacts]]:
    return (pair for pair in _inputs_of_both(calibration, evaluation) if _is_float(pair[1]))


def _is_float(facts: ArrayFacts) -> bool:
    return facts.dtype.startswith("float")


def _are_apart(first: ArrayFacts, second: ArrayFacts) -> bool:
    lesser, greater = sorted(
        max(abs(facts.minimum), abs(facts.maximum)) for facts in (first, second)
    )
    return greater > FACTOR_APART * lesser


def _range(facts: ArrayFacts) -> str:
    return f"{facts.minimum:.4g} to {facts.maximum:.4g}"
