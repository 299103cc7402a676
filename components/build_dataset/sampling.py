"""Choose samples of an opened source."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.opening import Opened
from quantgate.components.build_dataset.selection import SELECTIONS, Indices
from quantgate.components.build_dataset.sources import Purpose, SourceArray
from quantgate.components.build_dataset.variants import STRATIFIED, Choice, rules_of
from quantgate.errors import InputError

#: The number of samples that LiteRT's guide to post-training quantization advises.
ADVISED_SAMPLES = (100, 500)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chosen:
    """The samples that a data set takes from its source.

    Attributes:
        indices: int64 [n], ascending rows of the source that any of the choices takes.
        selections: positions in `indices`, by the choice's key.
        per_class: number of samples of each class, or None without class labels.
    """

    indices: Indices
    selections: dict[str, list[int]]
    per_class: dict[str, int] | None


def choose(opened: Opened, choices: Mapping[str, Choice], purpose: Purpose) -> Chosen:
    """Make every choice from the same source, and join the rows that they take.

    Raises:
        InputError: a choice is stratified, and the source has no class labels.
    """
    is_stratified = STRATIFIED in rules_of(choices)
    label = _class_label(opened, required=is_stratified)
    labels = _values(label, np.arange(label.shape[0])) if label and is_stratified else None
    rows = {key: _rows(opened, choice, labels) for key, choice in choices.items()}
    indices = np.unique(np.concatenate(list(rows.values())))
    if purpose == "calibration":
        for chosen in rows.values():
            _warn_of_unusual_size(len(chosen))
    return Chosen(
        indices,
        selections={key: np.searchsorted(indices, each).tolist() for key, each in rows.items()},
        per_class=_counts(_values(label, indices)) if label else None,
    )


def _rows(opened: Opened, choice: Choice, labels: NDArray[Any] | None) -> Indices:
    available = opened.available
    if choice.is_asked and (choice.samples or 0) > available:
        log.warning(
            "%s: %d samples requested, but it has only %d, which are all used",
            *(opened.path, choice.samples, available),
        )
    size = min(choice.samples or available, available)
    return SELECTIONS[choice.select](available, size, choice.seed, labels)


def _class_label(opened: Opened, required: bool) -> SourceArray | None:
    label = opened.label
    if label and label.dtype.kind in "iub" and label.shape[1:] in ((), (1,)):
        return label
    if required:
        given = f"`{label.key}` is {label.dtype} {list(label.shape)}" if label else "there are none"
        raise InputError(
            f"{opened.path}: a stratified choice needs one integer label per sample, and {given}. "
            "Name such a label, or choose `random`"
        )
    return None


def _values(label: SourceArray, indices: Indices) -> NDArray[Any]:
    return np.concatenate(list(label.rows(indices))).reshape(-1)


def _warn_of_unusual_size(samples: int) -> None:
    least, most = ADVISED_SAMPLES
    if samples < least:
        log.warning(
            "calibrating on %d samples. LiteRT's guide advises %d to %d: fewer may miss parts of "
            "the tensors' ranges",
            *(samples, least, most),
        )
    elif samples > most:
        log.warning(
            "calibrating on %d samples. LiteRT's guide advises %d to %d: more cost time, and "
            "outliers among them widen the ranges",
            *(samples, least, most),
        )


def _counts(labels: NDArray[Any]) -> dict[str, int]:
    classes, counts = np.unique(labels, return_counts=True)
    return {str(value): int(count) for value, count in zip(classes, counts, strict=True)}
