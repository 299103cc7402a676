"""How the samples of a calibration set are spread over processes, each sample run but once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.processes.workers import processes_for

#: Fewer samples are not worth a process of their own: to start one and to load a small model takes
#: some 3 ms, what 16 samples take that run for 0.2 ms each; with one of 14 MB it is 0.07 s, as long
#: as two of its samples.
LEAST_SAMPLES = 16


@dataclass(frozen=True)
class Cell:
    """Rows of a signature's samples that the same variants of the calibration share."""

    signature: str
    rows: tuple[int, ...]
    variants: tuple[str, ...]


def cells_of(selections: Mapping[str, Rows]) -> list[Cell]:
    """Split the rows that variants select, by the signature and the variants that share them."""
    sharing: dict[tuple[str, int], list[str]] = {}
    for variant, rows_by_signature in selections.items():
        for signature, rows in rows_by_signature.items():
            for row in rows:
                sharing.setdefault((signature, row), []).append(variant)
    cells: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for (signature, row), variants in sharing.items():
        cells.setdefault((signature, tuple(variants)), []).append(row)
    return [Cell(signature, tuple(rows), variants) for (signature, variants), rows in cells.items()]


def samples_in(shards: Sequence[Sequence[Cell]]) -> int:
    """How many samples run in all shards together."""
    return sum(len(cell.rows) for shard in shards for cell in shard)


def shards_of(selections: Mapping[str, Rows], stateful: bool) -> list[list[Cell]]:
    """Divide the work among processes.

    Args:
        selections: rows of the data set by variant and signature.
        stateful: whether the model carries something over from one sample to the next; then each
            variant's samples of a signature stay together and in order.

    Returns:
        The cells that each process takes.
    """
    if stateful:
        return [
            [Cell(signature, tuple(rows), (variant,)) for signature, rows in found.items()]
            for variant, found in selections.items()
        ]
    cells = cells_of(selections)
    count = processes_for(samples_in([cells]), LEAST_SAMPLES)
    return [_shard(cells, place, count) for place in range(count)]


def _shard(cells: Sequence[Cell], place: int, count: int) -> list[Cell]:
    shares = [Cell(cell.signature, cell.rows[place::count], cell.variants) for cell in cells]
    return [share for share in shares if share.rows]
