"""The samples of a data set that count as one."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.slices import rows_by_slice, titles_of
from quantgate.domain.figures import is_slice, slice_of
from quantgate.statistics.units import Units


def units_of(dataset: DatasetFolder) -> Units | None:
    """Return the units of a data set, or None if each sample is its own."""
    known, groups = dataset.distinct, dataset.manifest.groups
    if groups is None:
        return None if known is None else Units.of(np.asarray(known))
    distinct = np.arange(dataset.manifest.samples) if known is None else np.asarray(known)
    return Units.of(distinct, _group_numbers(dataset, groups.key))


def units_by_figure(
    plans: Sequence[Plan], figures: Iterable[str], dataset_of: Callable[[str], DatasetFolder]
) -> dict[str, Units]:
    """Return the units behind each figure, those of slices included.

    Args:
        plans: the metrics.
        figures: the names of the figures.
        dataset_of: returns the data set of a signature.
    """
    figures = list(figures)
    return {title: units for plan in plans for title, units in _of_plan(plan, figures, dataset_of)}


def _of_plan(
    plan: Plan, figures: Sequence[str], dataset_of: Callable[[str], DatasetFolder]
) -> Iterator[tuple[str, Units]]:
    dataset = dataset_of(plan.signature)
    units = units_of(dataset)
    if units is None:
        return
    rows = rows_by_slice(dataset, plan.slice) if plan.slice else {}
    for title in titles_of(plan.title, figures):
        yield title, units.at(rows[slice_of(title)]) if is_slice(title) else units


def _group_numbers(dataset: DatasetFolder, key: str) -> NDArray[np.int64]:
    if dataset.groups is not None:
        return np.asarray(dataset.groups)
    names = np.asarray(dataset.fields[key]).reshape(-1)
    return np.unique(names, return_inverse=True)[1]
