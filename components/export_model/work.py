"""The work of `export_model`: load a Keras file in a child process, and export it."""

import os
import re
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

# Keras needs it. Importing it before the fork saves the child five seconds.
import tensorflow as tf  # noqa: F401

from quantgate.components.conversion.failure import essence, sentence
from quantgate.components.export_model.keras_file import KerasFile, identify
from quantgate.components.processes.isolation import (
    FailedInChild,
    IsolatedFailure,
    ResourceLimits,
    run_isolated,
)
from quantgate.components.processes.sandbox import Reach
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_file

LIMITS = ResourceLimits(timeout_s=3600.0)
_UNKNOWN = re.compile(
    r"(?:Could not locate \w+|Unknown [\w ]+:|Cannot deserialize object of type) ['`]?([\w>.]+)"
)
_REASON = re.compile(r"Exception encountered: (.+)")


def export_model(model_path: str, *, saved_model_path: str) -> str:
    """Write the SavedModel of a .keras or .h5 file, whatever its name, and hash the file.

    If tf_keras is installed, it reads files of Keras 2. Keras 3 reads all others.

    Returns:
        SHA-256 of the file, as lowercase hex.

    Raises:
        InputError: the file is damaged, is not a model, or cannot be loaded by Keras. The message
            has the reason and a fix.
    """
    file = identify(Path(model_path))
    Path(saved_model_path).mkdir(parents=True, exist_ok=True)
    reach = Reach((saved_model_path,))
    try:
        run_isolated(_export, file, saved_model_path, limits=LIMITS, reach=reach)
    except FailedInChild as failure:
        raise InputError(_explained(file, str(failure))) from failure
    except IsolatedFailure as failure:
        raise InputError(
            f"{file.path}: {sentence('the export', failure)}. The log has Keras's last messages"
        ) from failure
    return sha256_of_file(file.path)


def _export(file: KerasFile, folder: str) -> None:
    with TemporaryDirectory() as place:
        # Keras goes by the suffix, which a pipeline's artifact need not have.
        named = Path(place) / f"model{file.suffix}"
        named.symlink_to(file.path.resolve())
        if _is_for_tf_keras(file):
            _export_with_tf_keras(named, folder)
        else:
            _export_with_keras(named, folder)


def _export_with_keras(path: Path, folder: str) -> None:
    # A file in the user's home may name another backend, which changes the export.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    from keras.src.export.export_utils import get_input_signature

    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    archive = keras.export.ExportArchive()
    archive.track(model)
    # `model.export` leaves `training` open, and augmentation layers take that for True.
    archive.add_endpoint(
        "serve", lambda *inputs: model(*inputs, training=False), get_input_signature(model)
    )
    archive.write_out(folder, verbose=False)


def _export_with_tf_keras(path: Path, folder: str) -> None:
    import tf_keras

    tf_keras.backend.set_learning_phase(0)
    tf_keras.models.load_model(str(path), compile=False, safe_mode=True).export(folder)


def _is_for_tf_keras(file: KerasFile) -> bool:
    return file.by_keras_2 and find_spec("tf_keras") is not None


def _explained(file: KerasFile, text: str) -> str:
    unknown = _UNKNOWN.search(text)
    if file.by_keras_2 and not _is_for_tf_keras(file):
        why = f"it does not know `{unknown[1]}`" if unknown else _reason(text)
        return (
            f"{file.path} was written by Keras {file.version or '2 or older'}, and Keras 3 cannot "
            f"read it: {why}. Run `pip install tf_keras` where the model is converted, or name a "
            "SavedModel of it as `model.saved_model`"
        )
    if unknown:
        return (
            f"{file.path} uses `{unknown[1]}`, which is not part of Keras. Export the model with "
            f'model.export("folder") where the code of `{unknown[1]}` is installed, and name that '
            "folder as `model.saved_model`"
        )
    return f"{file.path}: Keras cannot load and export it: {_reason(text)}"


def _reason(text: str) -> str:
    return essence("\n".join(_REASON.findall(text)[-1:]) or text)
