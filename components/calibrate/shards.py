"""How the samples of a calibration set are spread over processes, each sample run but once."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Fewer samples are not worth a process of their own: to start one and to load a model of 14 MB
#: takes 0.07 s, as long as two of its samples; a small model's pass is over by then anyway.
LEAST_SAMPLES = 16
#: Each process holds the model and its activations, and a node of a cluster can have many cores.
MOST_SHARDS = 8


@dataclass(frozen=True)
class Cell:
    """Rows of a data set that the same variants of the calibration share."""

    rows: tuple[int, ...]
    variants: tuple[str, ...]


def cells_of(selections: Mapping[str, Sequence[int]]) -> list[Cell]:
    """Split the rows that variants select, by the variants that share them."""
    sharing: dict[int, list[str]] = {}
    for variant, rows in selections.items():
        for row in rows:
            sharing.setdefault(row, []).append(variant)
    cells: dict[tuple[str, ...], list[int]] = {}
    for row, variants in sharing.items():
        cells.setdefault(tuple(variants), []).append(row)
    return [Cell(tuple(rows), variants) for variants, rows in cells.items()]


def shards_of(selections: Mapping[str, Sequence[int]], stateful: bool) -> list[list[Cell]]:
    """Divide the work among processes.

    Args:
        selections: rows of the data set by variant.
        stateful: whether the model carries something over from one sample to the next; then each
            variant's samples stay together and in order.

    Returns:
        The cells that each process takes.
    """
    if stateful:
        return [[Cell(tuple(rows), (variant,))] for variant, rows in selections.items()]
    cells = cells_of(selections)
    samples = sum(len(cell.rows) for cell in cells)
    count = max(1, min(len(os.sched_getaffinity(0)), MOST_SHARDS, samples // LEAST_SAMPLES))
    return [_shard(cells, place, count) for place in range(count)]


def _shard(cells: Sequence[Cell], place: int, count: int) -> list[Cell]:
    shares = [Cell(cell.rows[place::count], cell.variants) for cell in cells]
    return [share for share in shares if share.rows]
