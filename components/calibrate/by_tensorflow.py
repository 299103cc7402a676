"""Record the range of each tensor with TensorFlow's calibrator.

The calibrator is a private part of TensorFlow. Use this module only with a version in
`converter.PROVEN`.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from tensorflow.lite.python.optimize.calibrator import Calibrator
from tensorflow.lite.tools.flatbuffer_utils import convert_bytearray_to_object

from quantgate.components.calibrate.ranges import Ranges, ranges_in
from quantgate.components.calibrate.shards import Cell
from quantgate.components.conversion.converter import Samples, samples_of
from quantgate.components.processes.progress import counted

PROGRESS_STEPS = 4

log = logging.getLogger(__name__)


def record(prepared: bytes, dataset: str, cells: Sequence[Cell]) -> list[tuple[Cell, Ranges]]:
    """Run samples of a data set through the float model. This starts TensorFlow's runtime.

    Raises:
        Exception: TensorFlow raises exceptions of any class.
    """
    return [
        (cell, _recorded(prepared, samples_of(dataset, {cell.signature: cell.rows}), cell))
        for cell in cells
    ]


def _recorded(prepared: bytes, samples: Samples, cell: Cell) -> Ranges:
    calibrated = Calibrator(prepared).calibrate(lambda: _watched(samples, len(cell.rows)))
    return dict(ranges_in(convert_bytearray_to_object(calibrated)))


def _watched(samples: Samples, count: int) -> Iterator[Any]:
    step = max(1, count // PROGRESS_STEPS)
    for done, sample in enumerate(counted(samples()), start=1):
        yield sample
        if done % step == 0:
            log.info("%d of a shard's %d samples done", done, count)
