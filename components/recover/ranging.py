"""The ranges of an edited float model."""

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.calibrate.shards import Cell
from quantgate.components.record_ranges.obstacles import defect
from quantgate.components.record_ranges.recording import merged, record
from quantgate.components.record_ranges.work import tensor_ranges
from quantgate.records.calibration import Ranges
from quantgate.records.tasks import ModelFacts


def ranges_over(
    content: bytes, facts: ModelFacts, dataset: str, rows: Rows, original: Ranges
) -> Ranges:
    """Return the ranges of a model on some samples, with the other facts of the original ones.

    Raises:
        ValueError: they are of no use.
    """
    cells = [Cell(key, tuple(chosen), ("",)) for key, chosen in rows.items()]
    ranges = merged(part for _, part in record(content, facts, dataset, cells))
    if reason := defect(ranges):
        raise ValueError(reason)
    return original.model_copy(update={"tensors": tensor_ranges(ranges)})
