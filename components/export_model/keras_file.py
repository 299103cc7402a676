"""Identify a Keras file without Keras, and without running code from the file."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import h5py

from quantgate.components.processes.isolation import (
    IsolatedFailure,
    ResourceLimits,
    run_isolated,
)
from quantgate.errors import InputError
from quantgate.foundation.damage import refused_if_damaged, text_member

LIMITS = ResourceLimits(timeout_s=60.0)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_SAVE_AGAIN = "Copy it again, or save the model again"
_WRITTEN_BY = "Write one with model.save('model.keras')"


class KerasFile(NamedTuple):
    """A model that Keras wrote.

    Attributes:
        path: the file.
        suffix: ".keras" or ".h5", according to the content.
        version: of the Keras that wrote the file, or "" if unknown.
    """

    path: Path
    suffix: str
    version: str

    @property
    def by_keras_2(self) -> bool:
        """True for a file of Keras 2 or older. Keras 3 can read some of these files."""
        return self.version.split(".")[0] in ("", "0", "1", "2")


def identify(path: Path) -> KerasFile:
    """Identify a file by its content, whatever its name.

    Raises:
        InputError: the file is missing or damaged, is not a Keras model, or has Python code in it.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist. It should be a Keras model file")
    if path.is_dir():
        raise InputError(
            f"{path} is a folder, not a Keras file. Name a SavedModel as `model.saved_model`"
        )
    with path.open("rb") as file:
        start = file.read(len(_HDF5))
    if start.startswith(_ZIP):
        return _in_zip(path)
    if start == _HDF5:
        return _in_hdf5(path)
    raise InputError(f"{path} is neither a .keras nor an .h5 file. {_WRITTEN_BY}")


def _in_zip(path: Path) -> KerasFile:
    with _refused_if_damaged(path), zipfile.ZipFile(path) as archive:
        if not {"config.json", "metadata.json"} <= {*archive.namelist()}:
            raise InputError(f"{path} is a zip file, but not a Keras model. {_WRITTEN_BY}")
        config = json.loads(text_member(archive, "config.json"))
        version = json.loads(text_member(archive, "metadata.json")).get("keras_version", "")
        _refuse_code(path, config)
    return KerasFile(path, ".keras", str(version))


def _in_hdf5(path: Path) -> KerasFile:
    """Identify an HDF5 file in a child process, because a damaged one can keep the library busy."""
    try:
        outcome = run_isolated(_read_hdf5, path, limits=LIMITS)
    except IsolatedFailure as failure:
        message = f"{path} is damaged or truncated: reading it {failure}. {_SAVE_AGAIN}"
        raise InputError(message) from failure
    if isinstance(outcome, InputError):
        raise outcome
    return outcome


def _read_hdf5(path: Path) -> KerasFile | InputError:
    try:
        return _described(path)
    except InputError as error:
        return error


def _described(path: Path) -> KerasFile:
    with _refused_if_damaged(path), h5py.File(path, "r") as file:
        config = json.loads(file.attrs.get("model_config", "null"))
        version = file.attrs.get("keras_version", "")
        version = version.decode() if isinstance(version, bytes) else str(version)
        if config is None:
            raise InputError(
                f"{path} holds weights without a model. {_WRITTEN_BY}, where the model is built"
            )
        _refuse_code(path, config)
    return KerasFile(path, ".h5", version)


def _refused_if_damaged(path: Path) -> AbstractContextManager[None]:
    return refused_if_damaged(f"{path} is damaged or truncated", _SAVE_AGAIN)


def _refuse_code(path: Path, config: object) -> None:
    # Keras 3 refuses code, but tf_keras runs the code in an .h5 file.
    if any(name in ("Lambda", "__lambda__") for name in _class_names(config)):
        raise InputError(
            f"{path} has a Lambda layer, whose Python code is not run for safety. Export the model "
            'with model.export("folder") where its code is installed, and name that folder as '
            "`model.saved_model`"
        )


def _class_names(config: object) -> Iterator[Any]:
    if isinstance(config, dict):
        yield config.get("class_name")
        config = list(config.values())
    for part in config if isinstance(config, list) else ():
        yield from _class_names(part)
