"""The messages of float conversions that fail."""

import re
from collections.abc import Sequence

from quantgate.components.conversion.failure import (
    essence,
    narrow_floats,
    ops_without_builtin,
    ops_without_kernel,
)
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.processes.isolation import FailedInChild, IsolatedFailure
from quantgate.domain.flex_ops import COST

OFFER = f" Or keep them as TensorFlow's own ops with `quantize.select_tf_ops: true`. But {COST}."

_REFUSED = re.compile(r"(/[^\n;]*); Permission denied")


def named(signatures: Sequence[str]) -> str:
    """Return signatures with their names, for a sentence."""
    listed = ", ".join(f"`{signature}`" for signature in signatures)
    return f"signature {listed}" if len(signatures) == 1 else f"the signatures {listed}"


def conversion_error(model: SavedModelGraph, failure: IsolatedFailure, offer: str = OFFER) -> str:
    """Return why a model does not convert, and what to do about it.

    Args:
        model: the signatures that were converted.
        failure: of the conversion.
        offer: the advice if LiteRT lacks an op.
    """
    if isinstance(failure, FailedInChild):
        return _explained(model.folder, named(model.signatures), str(failure), offer)
    return (
        f"{model.folder}: the float32 conversion of {named(model.signatures)} {failure}. The log "
        "has TensorFlow's last messages"
    )


def _explained(folder: str, signatures: str, text: str, offer: str) -> str:
    if "Failed to find any matching files" in text:
        return (
            f"{folder} lacks files in its folder `variables`, so TensorFlow cannot load it. Copy "
            "the whole SavedModel, or export it again"
        )
    if written := _refused_write(folder, text):
        return (
            f"{folder}: TensorFlow may not write to {written}, because a model must not change "
            "files. Loading or converting the model writes there. Export it without ops that "
            "write files"
        )
    if "add_slot" in text:
        return (
            f"{folder} holds optimizer state that TensorFlow {tf.__version__} cannot load. Export "
            'the model again for inference with model.export("folder"), or install tf_keras beside '
            "TensorFlow"
        )
    ops = ops_without_builtin(text)
    if not ops:
        return f"{folder}: {signatures} does not convert to float32: {essence(text)}"
    if dtypes := narrow_floats(text):
        return f"{folder}: {essence(text)}, which {signatures} uses. {_in_float32(dtypes)}"
    way_out = _advice(ops) + (_not_by_flex(text) or offer)
    return f"{folder}: {essence(text)}, which {signatures} uses. {way_out}"


def _refused_write(folder: str, text: str) -> str:
    """Return the file that a model may not write to, or "" if another reason is named."""
    refused = _REFUSED.search(text)
    return refused[1] if refused and not refused[1].startswith(folder) else ""


def _in_float32(dtypes: list[str]) -> str:
    return (
        f"A model trained in mixed precision computes in {' and '.join(dtypes)}. Build it again "
        "under Keras's dtype policy `float32`, give it the trained weights with set_weights, and "
        "export it."
    )


def _not_by_flex(text: str) -> str:
    ops = ", ".join(ops_without_kernel(text))
    return (
        f" `quantize.select_tf_ops` does not help: the Flex delegate lacks {ops}, too."
        if ops
        else ""
    )


def _advice(ops: list[str]) -> str:
    if any(op.startswith("TensorList") for op in ops):
        return (
            "Tensor lists come from loops. Give Keras's recurrent layers unroll=True, and write "
            "other loops without TensorArray. If no mode needs calibration, you can fix the batch "
            "size of the exported signature instead. Then export the model again."
        )
    return (
        "Express them through ops that LiteRT has, as listed at "
        "https://ai.google.dev/edge/litert/models/ops_compatibility, and export the model again."
    )
