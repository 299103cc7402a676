"""The data that a spec is drafted for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from quantgate.errors import UsageError
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import format_at
from quantgate.spec.preflight.data_source import keys_in

_EVALUATION = ("eval", "test", "val")
_CALIBRATION = ("calib", "repr", "train")


@dataclass(frozen=True)
class Material:
    """Sources of samples.

    Attributes:
        calibration: path of the representative samples.
        evaluation: path of the labelled samples.
        format: of the evaluation samples.
        keys: of the arrays in the evaluation samples, as far as the format shows them.
        calibration_keys: of those in the representative samples.
    """

    calibration: Path
    evaluation: Path
    format: str
    keys: tuple[str, ...] = ()
    calibration_keys: tuple[str, ...] = ()

    @property
    def is_shared(self) -> bool:
        """True if calibration and evaluation have one source."""
        return self.calibration == self.evaluation


def material_at(path: Path) -> Material:
    """Look at a file or folder of samples, or at a folder with parts such as `train` and `test`.

    Raises:
        UsageError: there is nothing, or its format is not known.
        InputError: a file is damaged.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist. Give a file or folder with samples")
    calibration, evaluation = _parts(path) or (path, path)
    name = format_at(evaluation)
    if name is None:
        raise UsageError(
            f"{evaluation} has an unknown format. Give an .npz, TFRecord, CSV or Parquet file, a "
            "folder of .npy files, or a folder of images in one folder per class"
        )
    return Material(calibration, evaluation, name, _keys(evaluation), _keys(calibration))


def _keys(source: Path) -> tuple[str, ...]:
    return tuple(keys_in(source, format_at(source), DataSource(source=str(source))) or ())


def _parts(folder: Path) -> tuple[Path, Path] | None:
    """Return the parts of a folder for calibration and evaluation, if their names tell them."""
    if not folder.is_dir():
        return None
    known = [part for part in sorted(folder.iterdir()) if part.suffix != ".npy" and format_at(part)]
    calibration, evaluation = _named(known, _CALIBRATION), _named(known, _EVALUATION)
    return (calibration, evaluation) if calibration and evaluation else None


def _named(parts: Sequence[Path], starts: Iterable[str]) -> Path | None:
    return next(
        (part for start in starts for part in parts if part.name.lower().startswith(start)), None
    )
