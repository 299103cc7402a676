"""The samples that candidates calibrate on."""

from collections.abc import Mapping
from typing import Any

from quantgate.planning.candidates import Calibration, CalibrationSettings
from quantgate.spec.model.candidate import OwnCalibration
from quantgate.spec.model.data import CalibrationSamples
from quantgate.spec.model.spec import Spec

NO_DATA = "needs representative data, but the spec has no data.calibration"


def calibration_of(spec: Spec, overriding: OwnCalibration | None) -> Calibration:
    """Return the calibration settings of a candidate, empty if the spec has no data for it."""
    data = spec.data.calibration
    own = overriding.model_dump() if overriding else {}
    return tuple(_settings(data.of(key), own) for key in spec.model.signatures) if data else ()


def calibration_shards_of(spec: Spec) -> int:
    """Return the number of tasks that share the calibration samples."""
    data = spec.data.calibration
    return (data and data.shards) or 1


def _settings(data: CalibrationSamples, own: Mapping[str, Any]) -> CalibrationSettings:
    shared = {"samples": data.samples, "select": data.select, "seed": data.seed}
    return CalibrationSettings(**{**shared, **own})
