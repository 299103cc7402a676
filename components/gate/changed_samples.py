"""Samples that the winner, or the closest candidate, gets wrong and the float model gets right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import open_dataset, rows_and_names
from quantgate.components.gate.thumbnails import thumbnails
from quantgate.decision.details import evaluation_of
from quantgate.decision.evidence import Evaluation, Evidence
from quantgate.domain.figures import METRICS, is_slice
from quantgate.records.decision import Decision, main_metric
from quantgate.records.details import ChangedSample, ChangedSamples

#: The most samples to show.
MOST_SHOWN = 24


@dataclass(frozen=True)
class _Lost:
    """The samples that the baseline gets right and a candidate gets wrong.

    Attributes:
        among: places of those to show, among the samples that the candidate was evaluated on.
        count: the number of all of them.
        gained: the number of samples with the opposite change.
    """

    among: NDArray[np.int64]
    count: int
    gained: int


def changed_samples(
    evidence: Evidence, decision: Decision, dataset: str | None
) -> tuple[ChangedSamples | None, dict[str, str]]:
    """Return the samples that changed, and pictures of those shown as `<img>` elements by name.

    There are none without a data set, with several signatures, or without a metric that is right or
    wrong for each sample.

    Raises:
        InputError: the data set is damaged.
    """
    figure = _figure(evidence, decision)
    own = _subject(evidence, decision)
    if dataset is None or figure is None or own is None or len(evidence.evaluation_sets) != 1:
        return None, {}
    lost = _lost(evidence.baseline, own, figure)
    places = lost.among if own.covered is None else own.covered[lost.among]
    (signature,) = evidence.evaluation_sets
    shown = _described(dataset, signature, own, figure, (lost.among, places), evidence.classes)
    pictures = thumbnails(open_dataset(dataset, signature), places)
    changed = ChangedSamples(
        figure=figure,
        candidate=decision.details.subject or "",
        lost=lost.count,
        gained=lost.gained,
        shown=shown,
    )
    return changed, {f"sample {number}": picture for number, picture in pictures.items()}


def _figure(evidence: Evidence, decision: Decision) -> str | None:
    """Return the metric that tells right from wrong, the most important one first."""
    names = [main_metric(decision), *evidence.baseline.samples]
    return next((name for name in names if name and _is_right_or_wrong(name, evidence)), None)


def _is_right_or_wrong(name: str, evidence: Evidence) -> bool:
    metric = METRICS.get(evidence.metrics.get(name, ""))
    is_whole = name in evidence.baseline.samples and not is_slice(name)
    return is_whole and metric is not None and metric.is_binary and metric.labelled


def _subject(evidence: Evidence, decision: Decision) -> Evaluation | None:
    subject = decision.entry(decision.details.subject or "")
    return evaluation_of(evidence, subject.model_sha256) if subject else None


def _lost(baseline: Evaluation, own: Evaluation, figure: str) -> _Lost:
    after = own.samples[figure]
    before = baseline.samples[figure]
    before = before if own.covered is None else before[own.covered]
    lost = np.flatnonzero((before == 1) & (after == 0))
    spread = np.linspace(0, max(len(lost) - 1, 0), min(MOST_SHOWN, len(lost))).round()
    gained = np.count_nonzero((before == 0) & (after == 1))
    return _Lost(lost[spread.astype(np.int64)], len(lost), int(gained))


def _described(
    dataset: str,
    signature: str,
    own: Evaluation,
    figure: str,
    indices: tuple[NDArray[np.int64], NDArray[np.int64]],
    names: Sequence[str],
) -> list[ChangedSample]:
    rows, files = rows_and_names(dataset, signature)
    classes = own.predictions().classes.get(figure)

    def named(values: NDArray[np.int32], place: int) -> str:
        number = int(values[place])
        return names[number] if 0 <= number < len(names) else str(number)

    return [
        ChangedSample(
            row=int(rows[place]),
            name=None if files is None else str(files[place]),
            right=named(classes.right, among) if classes else None,
            chosen=named(classes.chosen, among) if classes else None,
        )
        for among, place in zip(*(part.tolist() for part in indices), strict=True)
    ]
