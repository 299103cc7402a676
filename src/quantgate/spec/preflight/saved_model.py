"""Checks that a path is a SavedModel or a Keras file."""

from collections.abc import Iterator
from pathlib import Path

from quantgate.errors import KeyPath
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted, listed

_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
_KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
_KERAS_WEIGHTS = ".weights.h5"
_UNZIPPED_KERAS = ("config.json", "model.weights.h5")
_HOW_TO_WRITE = (
    "Keras 3 writes one with `model.export(folder)`, TensorFlow with "
    "`tf.saved_model.save(model, folder)`."
)
_HOW_TO_EXPORT = (
    "Export it with `keras.models.load_model({0!r}).export(folder)` and name that folder, or name "
    "the file as `model.keras`."
)
_HOW_TO_LOAD_WEIGHTS = (
    "Build the trained model in Python, load them with `model.load_weights({0!r})`, and name the "
    "folder that `model.export(folder)` writes."
)


def saved_model_findings(target: Path, path: KeyPath) -> Iterator[Finding]:
    """Check that an existing path is the folder of a SavedModel."""
    if target.is_file():
        yield _file_finding(target, path)
    elif not _is_saved_model(target):
        yield _folder_finding(target, path)


def keras_findings(target: Path, path: KeyPath) -> Iterator[Finding]:
    """Check that an existing path has the name of a Keras file."""
    if target.is_dir():
        message = f"{dotted(path)} is a folder, not a Keras file: {target}"
        hint = "Name a .keras or .h5 file, or a SavedModel's folder as `model.saved_model`."
        yield Finding(path, message, hint)
    # An artifact of a pipeline has no suffix. The task that reads it checks its content.
    elif target.suffix == ".tflite":
        yield _litert_finding(target, path)
    elif target.suffix not in ("", *_KERAS_SUFFIXES):
        message = f"{dotted(path)} is not a .keras or .h5 file: {target}"
        yield Finding(path, message, "Keras 3 writes one with `model.save('model.keras')`.")


def _is_saved_model(folder: Path) -> bool:
    return any((folder / graph).is_file() for graph in _GRAPHS)


def _file_finding(target: Path, path: KeyPath) -> Finding:
    if target.name.endswith(_KERAS_WEIGHTS):
        message = f"{dotted(path)} has weights without a model: {target}"
        return Finding(path, message, _HOW_TO_LOAD_WEIGHTS.format(target.name))
    if target.suffix in _KERAS_SUFFIXES:
        message = f"{dotted(path)} is a Keras file, not the folder of a SavedModel: {target}"
        return Finding(path, message, _HOW_TO_EXPORT.format(target.name))
    if target.suffix == ".tflite":
        return _litert_finding(target, path)
    if target.name in _GRAPHS:
        message = f"{dotted(path)} is a file in a SavedModel: {target}"
        return Finding(path, message, f"Name its folder, {target.parent}.")
    message = f"{dotted(path)} is a file, not the folder of a SavedModel: {target}"
    return Finding(path, message, _HOW_TO_WRITE)


def _litert_finding(target: Path, path: KeyPath) -> Finding:
    message = f"{dotted(path)} is a LiteRT model already: {target}"
    return Finding(path, message, "Name a float model as `model.tflite`.")


def _folder_finding(target: Path, path: KeyPath) -> Finding:
    message = f"{dotted(path)} is a folder without saved_model.pb: {target}"
    if any((target / name).is_file() for name in _UNZIPPED_KERAS):
        message = f"{dotted(path)} is an unzipped Keras file, not a SavedModel: {target}"
        return Finding(path, message, _HOW_TO_WRITE)
    inner = sorted(folder.name for folder in target.iterdir() if _is_saved_model(folder))
    if len(inner) == 1:
        return Finding(path, message, f"Name its subfolder `{inner[0]}`, which has one.")
    if inner:
        return Finding(path, message, f"Name one of its subfolders {listed(inner)}.")
    return Finding(path, message, _HOW_TO_WRITE)
