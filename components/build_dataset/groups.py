"""The groups that samples belong to, such as the speakers of recordings."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.fields import TEXT, field_problems, text_of
from quantgate.components.build_dataset.opening import Opened
from quantgate.components.build_dataset.sources import Indices, Purpose, SourceArray
from quantgate.records.datasets import Groups
from quantgate.statistics.units import Units

#: Kinds of dtype that name groups: integers, booleans and text.
NAMES = "iub" + TEXT


def further_problems(opened: Opened) -> list[str]:
    """Return a sentence for each array besides inputs and label that cannot be stored."""
    problems = field_problems(opened.fields, opened.available)
    own = form_problem(opened.group) if opened.group and not problems else None
    return [*problems, own] if own else problems


def form_problem(group: SourceArray) -> str | None:
    """Return why an array names no groups, None if it does."""
    if group.dtype.kind in NAMES and group.shape[1:] in ((), (1,)):
        return None
    return (
        f"`{group.key}` is {group.dtype.name} {list(group.shape)}, but a group is one integer or "
        "text per sample"
    )


def names_of(group: SourceArray, indices: Indices) -> NDArray[Any]:
    """Return the name of each chosen sample's group, integers or text [samples]."""
    if group.dtype.kind in TEXT:
        return text_of(group, indices)
    return np.concatenate(list(group.rows(indices))).reshape(-1)


def group_problems(group: SourceArray | None, indices: Indices, purpose: Purpose) -> Iterator[str]:
    """Yield a sentence for each reason why the groups do not serve an evaluation."""
    if group is not None and purpose == "evaluation":
        yield from name_problems(group.key, names_of(group, indices), indices)


def name_problems(key: str, names: NDArray[Any], rows: Indices) -> Iterator[str]:
    """Yield a sentence for each reason why the names of groups do not serve an evaluation.

    Args:
        key: the key of the groups.
        names: the name of each sample's group.
        rows: the samples' rows in the source.
    """
    if names.dtype.kind in TEXT and (nameless := np.flatnonzero(np.char.strip(names) == "")).size:
        yield (
            f"{len(nameless):,} samples have no value of `{key}`, the first is sample "
            f"{rows[nameless[0]]} of the source: name the group of each, or leave these out"
        )
    elif len(np.unique(names)) == 1:
        yield (
            f"all {len(names):,} samples have the value `{names[0]}` of `{key}`, and groups "
            "need several: add samples of other groups, or remove `group`"
        )


def record_of(key: str, names: NDArray[Any], distinct: NDArray[np.int64]) -> Groups:
    """Return the number of groups, and how many of equal size they count as.

    Args:
        key: the key of the groups.
        names: the name of each sample's group.
        distinct: int64 [samples], equal for equal samples.
    """
    unique, numbers = np.unique(names, return_inverse=True)
    units = Units.of(distinct, numbers)
    return Groups(key=key, count=len(unique), effective=round(units.effective, 1))
