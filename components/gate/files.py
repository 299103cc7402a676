"""Reading what `calibrate` left behind."""

from pathlib import Path

from quantgate.records.details import CalibratedRanges, TensorRange
from quantgate.records.tasks import Calibration


def read_calibration(folder: str) -> Calibration:
    """The record of a calibration."""
    return Calibration.read(Path(folder) / "calibration.json")


def read_ranges(folder: str) -> list[TensorRange]:
    """What a calibration recorded, empty where it recorded nothing by itself."""
    path = Path(folder) / "ranges.json"
    return CalibratedRanges.read(path).tensors if path.is_file() else []
