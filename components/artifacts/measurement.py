"""The folder that `evaluate` writes: the metrics of a model, and their values per sample."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.decision.evidence import Evaluation
from quantgate.errors import InputError
from quantgate.records.outcomes import MeasurementStatus
from quantgate.records.tasks import Measurement
from quantgate.statistics.confusion import PredictedClasses, PredictedScores, Predictions
from quantgate.statistics.samples import Labels, Samples, are_binary
from quantgate.statistics.units import Units

MEASUREMENT = "measurement.json"
SAMPLES = "samples.npz"
COVERED = "covered.npy"
ANSWERS = "answers.npz"
UNITS = "units.npz"
STRATA = "strata.npz"


@dataclass(frozen=True)
class SampleFile(Mapping[str, Samples]):
    """The arrays of a `samples.npz`, float64 [samples] by metric. Each is read on access."""

    path: Path

    def __getitem__(self, metric: str) -> Samples:
        with np.load(self.path, allow_pickle=False) as arrays:
            return np.asarray(arrays[metric], dtype=np.float64)

    def __iter__(self) -> Iterator[str]:
        with np.load(self.path, allow_pickle=False) as arrays:
            return iter(list(arrays))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def is_decided(folder: str | Path) -> bool:
    """Return whether a folder of merged rounds has the measurement of the model."""
    return (Path(folder) / MEASUREMENT).is_file()


def write_evaluation(
    folder: str,
    measurement: Measurement,
    values: Mapping[str, Any],
    covered: NDArray[np.int64] | None = None,
    units: Mapping[str, Units] | None = None,
    strata: Mapping[str, Any] | None = None,
) -> None:
    """Write a measurement and its values per sample.

    Args:
        folder: folder to write to.
        measurement: the content of `measurement.json`.
        values: float64 [samples] by metric.
        covered: places of the samples in the data set, None if they are all.
        units: the samples that count as one, by figure.
        strata: for metrics over classes the class of each sample, int32 [samples] by metric.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    compact: dict[str, Any] = {name: _compact(each) for name, each in values.items()}
    np.savez(root / SAMPLES, **compact)
    if covered is not None:
        np.save(root / COVERED, covered)
    if units:
        arrays: dict[str, Any] = {name: _as_array(each) for name, each in units.items()}
        np.savez(root / UNITS, **arrays)
    if strata:
        np.savez_compressed(root / STRATA, **strata)
    measurement.write(root / MEASUREMENT)


def read_evaluation(folder: str | Path) -> Evaluation:
    """Read what `write_evaluation` wrote. The values per sample are read on access.

    Raises:
        InputError: a file is missing, or the covered samples are not known.
    """
    root = Path(folder)
    measurement = Measurement.read(root / MEASUREMENT)
    if measurement.status != MeasurementStatus.MEASURED:
        return Evaluation(measurement, {})
    stopped = measurement.steps is not None and measurement.steps.stopped
    return Evaluation(
        measurement,
        SampleFile(root / SAMPLES),
        _covered(root / COVERED) if stopped else None,
        partial(_predictions, root / ANSWERS),
        _units(root / UNITS),
        partial(_strata, root / STRATA),
    )


def _compact(values: NDArray[np.float64]) -> NDArray[Any]:
    """Return values of right and wrong in a byte each, and others as they are."""
    return values.astype(np.uint8) if are_binary(values) else values


def _as_array(units: Units) -> NDArray[np.int64]:
    """Return the numbers of each sample's distinct sample and group, [1 or 2, samples]."""
    rows = (
        [units.distinct] if units.groups is None else [units.distinct, units.groups[units.distinct]]
    )
    return np.stack(rows)


def _units(path: Path) -> dict[str, Units]:
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as arrays:
        return {figure: Units.of(*arrays[figure]) for figure in arrays}


def _covered(path: Path) -> NDArray[np.int64]:
    try:
        return np.asarray(np.load(path, allow_pickle=False), dtype=np.int64)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read: {error}. It lists the samples of an evaluation that stopped "
            "early, so evaluate again"
        ) from error


def _strata(path: Path) -> dict[str, Labels]:
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as arrays:
        return {name: np.asarray(arrays[name], np.int32) for name in arrays}


def _predictions(path: Path) -> Predictions:
    if not path.is_file():
        return Predictions()
    with np.load(path, allow_pickle=False) as arrays:
        by_name = {name: arrays[name] for name in arrays}
    return Predictions(
        classes={
            figure: PredictedClasses(values, by_name[f"{figure}/right"])
            for figure, values in _of_kind(by_name, "chosen")
        },
        scores={
            figure: PredictedScores(values, by_name[f"{figure}/right"])
            for figure, values in _of_kind(by_name, "score")
        },
    )


def _of_kind(arrays: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Any]]:
    for name, values in arrays.items():
        if name.endswith(f"/{kind}"):
            yield name.removesuffix(f"/{kind}"), values
