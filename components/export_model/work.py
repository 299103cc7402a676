"""Load a Keras file and export it to a SavedModel, in a process of its own."""

import os
import re
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

# What Keras needs of it would take the child five seconds; whoever forks this has it already.
import tensorflow as tf  # noqa: F401

from quantgate.components.conversion.failure import essence, sentence
from quantgate.components.export_model.keras_file import KerasFile, identify
from quantgate.components.processes.isolation import (
    FailedInChild,
    IsolatedFailure,
    ResourceLimits,
    run_isolated,
)
from quantgate.errors import InputError

LIMITS = ResourceLimits(timeout_s=3600.0)
_UNKNOWN = re.compile(
    r"(?:Could not locate \w+|Unknown [\w ]+:|Cannot deserialize object of type) ['`]?([\w>.]+)"
)
_REASON = re.compile(r"Exception encountered: (.+)")


def export_model(model_path: str, *, saved_model_path: str) -> None:
    """Write the SavedModel of a .keras or .h5 file, whatever the file is called.

    Files of Keras 2 are read by tf_keras where it is installed, all others by Keras 3.

    Raises:
        InputError: the file is damaged, no model, or one that Keras cannot load; the message says
            why, and what to do about it.
    """
    file = identify(Path(model_path))
    try:
        run_isolated(_export, file, saved_model_path, limits=LIMITS)
    except FailedInChild as failure:
        raise InputError(_explained(file, str(failure))) from failure
    except IsolatedFailure as failure:
        raise InputError(
            f"{file.path}: {sentence('the export', failure)}; the log has Keras's last words"
        ) from failure


def _export(file: KerasFile, folder: str) -> None:
    with TemporaryDirectory() as place:
        # Keras goes by the suffix, which an artifact of a pipeline need not have.
        named = Path(place) / f"model{file.suffix}"
        named.symlink_to(file.path.resolve())
        if _is_for_tf_keras(file):
            _export_with_tf_keras(named, folder)
        else:
            _export_with_keras(named, folder)


def _export_with_keras(path: Path, folder: str) -> None:
    # Keras takes another backend from a file in the user's home, and then exports otherwise.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    model.export(folder, format="tf_saved_model", verbose=False)


def _export_with_tf_keras(path: Path, folder: str) -> None:
    import tf_keras

    tf_keras.models.load_model(str(path), compile=False, safe_mode=True).export(folder)


def _is_for_tf_keras(file: KerasFile) -> bool:
    return file.by_keras_2 and find_spec("tf_keras") is not None


def _explained(file: KerasFile, text: str) -> str:
    unknown = _UNKNOWN.search(text)
    if file.by_keras_2 and not _is_for_tf_keras(file):
        why = f"it does not know `{unknown[1]}`" if unknown else _reason(text)
        return (
            f"{file.path} was written by Keras {file.version or '2 or older'}, and Keras 3 cannot "
            f"read it: {why}; `pip install tf_keras` where the model is converted, or name a "
            "SavedModel of it as `model.saved_model`"
        )
    if unknown:
        return (
            f"{file.path} uses `{unknown[1]}`, which is no part of Keras: export the model where "
            f'the code of `{unknown[1]}` is at home, with model.export("folder"), and name that '
            "folder as `model.saved_model`"
        )
    return f"{file.path}: Keras cannot load and export it: {_reason(text)}"


def _reason(text: str) -> str:
    return essence("\n".join(_REASON.findall(text)[-1:]) or text)
