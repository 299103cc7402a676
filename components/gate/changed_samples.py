"""Samples that the winner, or the closest candidate, gets wrong and the float model gets right."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import (
    DatasetFolder,
    open_dataset,
    read_manifests,
    rows_and_names,
)
from quantgate.components.gate.thumbnails import image_key, thumbnails
from quantgate.components.merge_dataset.head import rows_in_parts
from quantgate.decision.details import evaluation_of
from quantgate.decision.evidence import Evaluation, Evidence
from quantgate.domain.figures import METRICS, is_slice
from quantgate.errors import StorageError
from quantgate.records.decision import Decision, main_metric
from quantgate.records.details import ChangedSample, ChangedSamples

log = logging.getLogger(__name__)

#: The most samples to show, and the most bytes of all pictures.
MOST_SHOWN, MOST_BYTES = 24, 300_000


@dataclass(frozen=True)
class _Lost:
    """The samples of a signature that the baseline gets right and a candidate gets wrong.

    Attributes:
        signature: the signature's key.
        figure: the metric that tells right from wrong.
        among: places of all of them, among the samples that the candidate was evaluated on.
        gained: the number of samples with the opposite change.
    """

    signature: str
    figure: str
    among: NDArray[np.int64]
    gained: int

    def some(self, count: int) -> NDArray[np.int64]:
        """Return `count` of their places, evenly chosen."""
        spread = np.linspace(0, max(len(self.among) - 1, 0), count).round()
        places: NDArray[np.int64] = self.among[spread.astype(np.int64)]
        return places


def changed_samples(
    evidence: Evidence, decision: Decision, dataset: str | None, origins: str | None = None
) -> tuple[list[ChangedSamples], dict[str, str]]:
    """Return the samples that changed, and pictures of those shown as `<img>` elements by name.

    The number of samples and the size of pictures are shared among signatures. A signature without
    such a sample, or without a metric that is right or wrong for each sample, is left out.

    Args:
        evidence: of the run.
        decision: its decision.
        dataset: folder of the evaluation set, or None to show no samples.
        origins: folder with the rows and files that samples come from, if it is another one.

    Raises:
        InputError: the data set is damaged.
    """
    own = _subject(evidence, decision)
    if dataset is None or own is None:
        return [], {}
    all_lost = [*_lost_by_signature(evidence, decision, own)]
    shares = _shares([len(lost.among) for lost in all_lost])
    pictures: dict[str, str] = {}
    changed = []
    for index, (lost, share) in enumerate(zip(all_lost, shares, strict=True)):
        among = lost.some(share)
        places = among if own.covered is None else own.covered[among]
        room = MOST_BYTES * share // sum(shares)
        elements = _pictures(dataset, lost.signature, places, room)
        pictures |= {f"sample {index} {number}": one for number, one in elements.items()}
        changed.append(
            ChangedSamples(
                signature=lost.signature,
                figure=lost.figure,
                candidate=decision.details.subject or "",
                lost=len(lost.among),
                gained=lost.gained,
                shown=_described(evidence, origins or dataset, own, lost, (among, places)),
            )
        )
    return changed, pictures


def _pictures(dataset: str, signature: str, places: NDArray[np.int64], room: int) -> dict[int, str]:
    """Return `<img>` elements of samples by their number. Only these are read of a set in parts."""
    manifest = read_manifests(dataset, [signature])[signature]
    key = image_key(manifest)
    if not manifest.parts or key is None:
        return thumbnails(open_dataset(dataset, signature), places, room) if key else {}
    rows, numbers = np.unique(places, return_inverse=True)
    try:
        array = rows_in_parts(manifest.inputs[key], manifest.parts, rows, dataset)
    except StorageError as error:
        log.warning("the report shows no pictures of changed samples: %s", error)
        return {}
    return thumbnails(DatasetFolder(manifest, {key: array}, None), numbers, room)


def _shares(counts: Sequence[int]) -> list[int]:
    """Divide the samples to show evenly. Samples that one signature leaves go to the others."""
    shares, room = [0] * len(counts), MOST_SHOWN
    ascending = sorted(range(len(counts)), key=counts.__getitem__)
    for done, index in enumerate(ascending):
        shares[index] = min(counts[index], room // (len(counts) - done))
        room -= shares[index]
    return shares


def _lost_by_signature(evidence: Evidence, decision: Decision, own: Evaluation) -> Iterator[_Lost]:
    for signature in evidence.evaluation_sets:
        figure = _figure(evidence, decision, signature)
        lost = _lost(evidence.baseline, own, signature, figure) if figure else None
        if lost and len(lost.among):
            yield lost


def _figure(evidence: Evidence, decision: Decision, signature: str) -> str | None:
    """Return a signature's metric that tells right from wrong, the most important one first."""
    signatures = evidence.baseline.measurement.signatures
    names = [main_metric(decision), *evidence.baseline.samples]
    return next(
        (
            name
            for name in names
            if name and _is_right_or_wrong(name, evidence)
            if signatures.get(name, signature) == signature
        ),
        None,
    )


def _is_right_or_wrong(name: str, evidence: Evidence) -> bool:
    metric = METRICS.get(evidence.metrics.get(name, ""))
    is_whole = name in evidence.baseline.samples and not is_slice(name)
    return is_whole and metric is not None and metric.is_binary and metric.labelled


def _subject(evidence: Evidence, decision: Decision) -> Evaluation | None:
    subject = decision.entry(decision.details.subject or "")
    return evaluation_of(evidence, subject.model_sha256) if subject else None


def _lost(baseline: Evaluation, own: Evaluation, signature: str, figure: str) -> _Lost:
    after = own.samples[figure]
    before = baseline.samples[figure]
    before = before if own.covered is None else before[own.covered]
    lost = np.flatnonzero((before == 1) & (after == 0))
    gained = np.count_nonzero((before == 0) & (after == 1))
    return _Lost(signature, figure, lost, int(gained))


def _described(
    evidence: Evidence,
    origins: str,
    own: Evaluation,
    lost: _Lost,
    indices: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> list[ChangedSample]:
    rows, files = rows_and_names(origins, lost.signature)
    names = evidence.evaluation_sets[lost.signature].manifest.classes
    classes = own.predictions().classes.get(lost.figure)

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
