"""The files with second moments of the inputs of dense layers, beside their ranges."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.errors import InputError
from quantgate.records.calibration import Moments

RECORD = "moments.json"
VALUES = "moments.npz"
#: Layers with more inputs have the diagonal only. A matrix of so many inputs has 0.5 GB.
MOST_INPUTS = 8192
#: Values by the name of the tensor that a layer takes: float64 [width] or [width, width].
LayerMoments = Mapping[str, NDArray[np.float64]]


def write_moments(folder: str | Path, record: Moments, values: LayerMoments) -> None:
    """Write second moments to a folder that exists.

    Args:
        folder: the folder.
        record: the content of `moments.json`.
        values: those of its layers.
    """
    # The names of tensors may hold any characters, so that arrays are named by their places.
    arrays: dict[str, Any] = {str(place): values[name] for place, name in enumerate(record.layers)}
    np.savez(Path(folder) / VALUES, **arrays)
    record.write(Path(folder) / RECORD)


def read_values(folder: str | Path, record: Moments) -> LayerMoments:
    """Return the second moments that `write_moments` wrote.

    Raises:
        InputError: the file is missing or damaged.
    """
    path = Path(folder) / VALUES
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[str(place)] for place, name in enumerate(record.layers)}
    except Exception as error:
        raise InputError(f"{path} cannot be read: {error}. Record the moments again") from error
