"""The labels of a shard's samples that are needed to merge metrics."""

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.run import Subject


class Labels(TypedDict):
    """The fields of `ShardArrays` that come from the data set."""

    label: NDArray[Any] | None
    fields: dict[str, NDArray[Any]]
    distinct: NDArray[np.int64] | None


def labels_of(subject: Subject, rows: slice | NDArray[np.int64]) -> Labels:
    """Return what the merge needs to know of some samples, besides their scores."""
    dataset = subject.dataset
    return {
        "label": _copied(dataset.label if _needs_label(subject.plans) else None, rows),
        "fields": {
            key: np.asarray(dataset.fields[key][rows])
            for key in _needed_fields(subject.plans, dataset)
        },
        "distinct": _copied(dataset.distinct, rows),
    }


def _copied(array: NDArray[Any] | None, rows: slice | NDArray[np.int64]) -> NDArray[Any] | None:
    return None if array is None else np.asarray(array[rows])


def _needs_label(plans: Sequence[Plan]) -> bool:
    return any(plan.label is None and _sums_up_labels(plan) for plan in plans)


def _sums_up_labels(plan: Plan) -> bool:
    computation = plan.computation
    return not plan.truth and computation.labelled and computation.sums_labels_up


def _needed_fields(plans: Sequence[Plan], dataset: DatasetFolder) -> list[str]:
    """Return the keys of the further arrays that are needed to merge metrics."""
    groups = dataset.manifest.groups
    needed = {groups.key} if groups else set()
    for plan in plans:
        needed |= {plan.slice} if plan.slice else set()
        needed |= {plan.truth.boxes, plan.truth.classes} if plan.truth else set()
        needed |= {plan.label} if plan.label and _sums_up_labels(plan) else set()
    return sorted(needed)
