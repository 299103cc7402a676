"""Convert the float model as it is, and describe it."""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from quantgate.components.conversion_failure import essence, ops_without_builtin
from quantgate.components.converter import SERVING_TAGS, Recipe, convert
from quantgate.components.flatbuffer import SignatureTensors, read_contents
from quantgate.components.isolation import FailedInChild, IsolatedFailure, run_isolated
from quantgate.components.saved_model import declared_signature
from quantgate.delivered import TensorAttest
from quantgate.errors import InputError
from quantgate.hashing import sha256_of_bytes, sha256_of_tree
from quantgate.modes import BASELINE
from quantgate.records import ModelFacts, Signature, TensorFacts

TIMEOUT_S = 3600.0


def convert_baseline(
    model_path: str,
    signature: str,
    tags: Sequence[str] = SERVING_TAGS,
    *,
    baseline_path: str,
    facts_path: str,
) -> None:
    """Convert one signature of a SavedModel to a float32 .tflite and write its `ModelFacts`.

    `tags` are those of the graph in it that has the signature.

    Raises:
        InputError: the folder is no SavedModel that can be converted; the message says why, and
            what to do about it.
    """
    declared = declared_signature(model_path, signature, tags)
    content = _converted(model_path, signature, tags)
    contents = read_contents(content)
    delivered = _described(signature, contents.signatures[signature])
    require_same_names(model_path, declared, delivered)
    Path(baseline_path).write_bytes(content)
    ModelFacts(
        saved_model_sha256=sha256_of_tree(model_path),
        baseline_sha256=sha256_of_bytes(content),
        size_bytes=len(content),
        signature=delivered,
        ops=contents.ops,
        tags=list(tags),
        tensorflow=tf.__version__,
    ).write(facts_path)


def require_same_names(folder: str, declared: Signature, delivered: Signature) -> None:
    """Refuse a conversion whose inputs or outputs have other names than the SavedModel's.

    Data is bound to a model by these names, so a lost or renamed one can only be fed wrongly.

    Raises:
        InputError: the names differ.
    """
    for role, ours, theirs in (
        ("inputs", declared.inputs, delivered.inputs),
        ("outputs", declared.outputs, delivered.outputs),
    ):
        if set(ours) != set(theirs):
            raise InputError(
                f"{folder}: signature `{declared.key}` has the {role} {_listed(ours)}, but after "
                f"the conversion they are {_listed(theirs)}; export the signature with a tensor "
                "of its own for every name"
            )


def _converted(folder: str, signature: str, tags: Sequence[str]) -> bytes:
    recipe = Recipe(BASELINE)
    try:
        return run_isolated(convert, folder, signature, recipe, None, tags, timeout_s=TIMEOUT_S)
    except FailedInChild as failure:
        raise InputError(_explained(folder, signature, str(failure))) from failure
    except IsolatedFailure as failure:
        raise InputError(
            f"{folder}: the float32 conversion of signature `{signature}` {failure}; "
            "the log has TensorFlow's last words"
        ) from failure


def _explained(folder: str, signature: str, text: str) -> str:
    if "Failed to find any matching files" in text:
        return (
            f"{folder} lacks files in its folder `variables`, so TensorFlow cannot load it; copy "
            "the SavedModel whole, or export it again"
        )
    if "add_slot" in text:
        return (
            f"{folder} holds optimizer state that TensorFlow {tf.__version__} cannot load: export "
            'the model again for inference with model.export("folder"), or install tf_keras beside '
            "TensorFlow"
        )
    ops = ops_without_builtin(text)
    if not ops:
        return f"{folder}: signature `{signature}` does not convert to float32: {essence(text)}"
    return (
        f"{folder}: LiteRT has no builtin for {', '.join(ops)}, which signature `{signature}` "
        f"uses. {_advice(ops)} (SELECT_TF_OPS is no way out: such models neither calibrate nor "
        "run with LiteRT's pip wheels.)"
    )


def _advice(ops: list[str]) -> str:
    if any(op.startswith("TensorList") for op in ops):
        return (
            "Tensor lists come from loops: give Keras's recurrent layers unroll=True, and write "
            "other loops without TensorArray; then export the model again."
        )
    return (
        "Express them through ops that LiteRT has, as listed at "
        "https://ai.google.dev/edge/litert/models/ops_compatibility, and export the model again."
    )


def _described(key: str, tensors: SignatureTensors) -> Signature:
    return Signature(key=key, inputs=_facts(tensors.inputs), outputs=_facts(tensors.outputs))


def _facts(tensors: list[TensorAttest]) -> dict[str, TensorFacts]:
    return {tensor.name: TensorFacts(shape=tensor.shape, dtype=tensor.dtype) for tensor in tensors}


def _listed(tensors: dict[str, TensorFacts]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(tensors)) or "none"
