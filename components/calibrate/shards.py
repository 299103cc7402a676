"""Divide the samples of a calibration set among processes, so that each sample runs once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.artifacts.division import Division
from quantgate.components.processes.isolation import ResourceLimits, run_side_by_side
from quantgate.components.processes.progress import expect
from quantgate.components.processes.workers import processes_for

RangesT = TypeVar("RangesT")

#: Fewer samples are not worth a process. Starting one and loading a small model takes some 3 ms, as
#: long as 16 samples of 0.2 ms. With a model of 14 MB it takes 0.07 s, as long as two samples.
LEAST_SAMPLES = 16


@dataclass(frozen=True)
class Cell:
    """Samples of a signature that the same variants of the calibration share.

    Attributes:
        signature: key of the signature.
        rows: of the samples in the data set.
        variants: keys of the variants.
    """

    signature: str
    rows: tuple[int, ...]
    variants: tuple[str, ...]


def cells_of(selections: Mapping[str, Rows]) -> list[Cell]:
    """Group the rows of all variants by their signature and the variants that share them."""
    sharing: dict[tuple[str, int], list[str]] = {}
    for variant, rows_by_signature in selections.items():
        for signature, rows in rows_by_signature.items():
            for row in rows:
                sharing.setdefault((signature, row), []).append(variant)
    cells: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for (signature, row), variants in sharing.items():
        cells.setdefault((signature, tuple(variants)), []).append(row)
    return [Cell(signature, tuple(rows), variants) for (signature, variants), rows in cells.items()]


def selections_in(
    division: Division, selections: Mapping[str, Rows], stateful: bool
) -> dict[str, Rows]:
    """Return the rows of a shard by variant and signature. All shards have each row once.

    Args:
        division: the place of the shard.
        selections: rows of the data set by variant and signature.
        stateful: whether the model keeps a state from one sample to the next. If so, the first
            shard has all rows.
    """
    count = 1 if stateful else division.count
    return {
        variant: {
            signature: [row for row in rows if row % count == division.number - 1]
            for signature, rows in by_signature.items()
        }
        for variant, by_signature in selections.items()
    }


def samples_by_variant(selections: Mapping[str, Rows]) -> dict[str, int]:
    """Return the number of samples that each variant calibrates on."""
    return {variant: sum(map(len, rows.values())) for variant, rows in selections.items()}


def samples_in(shards: Sequence[Sequence[Cell]]) -> int:
    """Return the number of samples in all shards."""
    return sum(len(cell.rows) for shard in shards for cell in shard)


def shards_of(selections: Mapping[str, Rows], stateful: bool) -> list[list[Cell]]:
    """Divide the work among processes.

    Args:
        selections: rows of the data set by variant and signature.
        stateful: whether the model keeps a state from one sample to the next. If so, each
            variant's samples of a signature stay together and in order.

    Returns:
        The cells of each process.
    """
    if stateful:
        return [
            [Cell(signature, tuple(rows), (variant,)) for signature, rows in by_signature.items()]
            for variant, by_signature in selections.items()
        ]
    cells = cells_of(selections)
    count = processes_for(samples_in([cells]), LEAST_SAMPLES)
    return [_shard(cells, place, count) for place in range(count)]


def _shard(cells: Sequence[Cell], place: int, count: int) -> list[Cell]:
    shares = [Cell(cell.signature, cell.rows[place::count], cell.variants) for cell in cells]
    return [share for share in shares if share.rows]


def record_shards(
    record: Callable[..., list[tuple[Cell, RangesT]]],
    model: Sequence[object],
    shards: Sequence[Sequence[Cell]],
    limits: ResourceLimits,
) -> list[tuple[Cell, RangesT]]:
    """Return what `record(*model, cells)` gives for the cells of each shard, side by side.

    Raises:
        IsolatedFailure: a process failed, or took more time or memory than `limits`.
    """
    expect(samples_in(shards))
    calls = [(*model, cells) for cells in shards]
    return [part for parts in run_side_by_side(record, calls, limits=limits) for part in parts]


def by_variant(
    parts: Sequence[tuple[Cell, RangesT]],
    variants: Iterable[str],
    merged: Callable[[Iterable[RangesT]], RangesT],
) -> dict[str, RangesT]:
    """Merge for each variant the ranges of the cells that it shares."""
    return {
        variant: merged(ranges for cell, ranges in parts if variant in cell.variants)
        for variant in variants
    }
