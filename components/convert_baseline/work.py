"""Convert the float model as it is, and describe it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.conversion.converter import (
    SERVING_TAGS,
    Recipe,
    convert,
    derivation_is_proven,
    prepare,
)
from quantgate.components.conversion.failure import (
    essence,
    narrow_floats,
    ops_without_builtin,
    ops_without_kernel,
    sentence,
)
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.saved_model import declared_signature
from quantgate.components.convert_baseline.emptied import emptied
from quantgate.components.litert.flatbuffer import (
    SignatureTensors,
    contents_of,
    parse,
    read_contents,
)
from quantgate.components.litert.operations import operations
from quantgate.components.processes.isolation import (
    FailedInChild,
    IsolatedFailure,
    attempt_side_by_side,
    run_isolated,
)
from quantgate.domain.flex_ops import COST, cannot_run, tensorflow_ops
from quantgate.domain.modes import BASELINE
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_tree
from quantgate.records.attestation import TensorAttest
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

TIMEOUT_S = 3600.0
OFFER = f" Or keep them as TensorFlow's own ops with `quantize.select_tf_ops: true`; but {COST}."


@dataclass(frozen=True)
class _Conversions:
    """The float model as it ships, and as TensorFlow calibrates it, or why it cannot be."""

    baseline: bytes
    prepared: bytes
    unprepared: str | None


def convert_baseline(
    model_path: str,
    signatures: Sequence[str],
    tags: Sequence[str] = SERVING_TAGS,
    *,
    calibrated: bool,
    baseline_path: str,
    prepared_path: str,
    facts_path: str,
    select_tf_ops: bool = False,
) -> None:
    """Convert signatures of a SavedModel to a float32 .tflite and write its `ModelFacts`.

    `tags` are those of the graph in it that has the signatures. Where a candidate will be
    `calibrated`, the model that TensorFlow calibrates is made at the same time. Where
    LiteRT lacks a builtin, and only there, `select_tf_ops` lets ops stay TensorFlow's own.

    Raises:
        InputError: the folder is no SavedModel that can be converted; the message says why, and
            what to do about it.
    """
    declared = [declared_signature(model_path, signature, tags) for signature in signatures]
    found = _conversions(model_path, signatures, tags, calibrated, select_tf_ops)
    model = parse(found.baseline)
    _refuse_emptied(model_path, signatures, model)
    contents = contents_of(model)
    delivered = [_described(key, contents.signatures[key]) for key in signatures]
    for ours, theirs in zip(declared, delivered, strict=True):
        require_same_names(model_path, ours, theirs)
    Path(baseline_path).write_bytes(found.baseline)
    Path(prepared_path).write_bytes(found.prepared)
    ModelFacts(
        saved_model_sha256=sha256_of_tree(model_path),
        baseline_sha256=sha256_of_bytes(found.baseline),
        size_bytes=len(found.baseline),
        signatures=delivered,
        ops=contents.ops,
        tags=list(tags),
        tensorflow=tf.__version__,
        unprepared=found.unprepared,
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


def _refuse_emptied(folder: str, signatures: Sequence[str], model: ModelT) -> None:
    for name, shape in emptied(operations(model)):
        raise InputError(
            f"{folder}: TensorFlow's converter left {_named(signatures)} without results: `{name}` "
            f"is computed from a constant of shape {list(shape)}, as happens where it replaces an "
            "op whose batch size is free. Export the signature with a batch size of 1, or express "
            "the op through others"
        )


def _conversions(
    folder: str,
    signatures: Sequence[str],
    tags: Sequence[str],
    calibrated: bool,
    select_tf_ops: bool,
) -> _Conversions:
    calls: list[tuple[Any, ...]] = [(convert, folder, signatures, Recipe(BASELINE), None, tags)]
    if calibrated and derivation_is_proven(tf.__version__):
        calls.append((prepare, folder, signatures, tags))
    baseline, *others = attempt_side_by_side(_called, calls, timeout_s=TIMEOUT_S)
    if select_tf_ops and _lacks_builtins(baseline):
        return _with_tensorflow_ops(folder, signatures, tags)
    if isinstance(baseline, IsolatedFailure):
        raise InputError(_told(folder, _named(signatures), baseline, OFFER)) from baseline
    prepared = others[0] if others else b""
    if isinstance(prepared, IsolatedFailure):
        return _Conversions(baseline, b"", sentence("calibration", prepared))
    return _Conversions(baseline, prepared, None)


def _lacks_builtins(baseline: bytes | IsolatedFailure) -> bool:
    return isinstance(baseline, FailedInChild) and bool(ops_without_builtin(str(baseline)))


def _with_tensorflow_ops(
    folder: str, signatures: Sequence[str], tags: Sequence[str]
) -> _Conversions:
    recipe = Recipe(BASELINE, select_tf_ops=True)
    try:
        baseline = run_isolated(
            convert, folder, signatures, recipe, None, tags, timeout_s=TIMEOUT_S
        )
    except IsolatedFailure as failure:
        raise InputError(_told(folder, _named(signatures), failure, "")) from failure
    why = cannot_run(tensorflow_ops(read_contents(baseline).ops))
    return _Conversions(baseline, b"", f"calibration is not possible: {why}")


def _called(function: Callable[..., bytes], *arguments: object) -> bytes:
    return function(*arguments)


def _named(signatures: Sequence[str]) -> str:
    listed = ", ".join(f"`{signature}`" for signature in signatures)
    return f"signature {listed}" if len(signatures) == 1 else f"the signatures {listed}"


def _told(folder: str, named: str, failure: IsolatedFailure, offer: str) -> str:
    if isinstance(failure, FailedInChild):
        return _explained(folder, named, str(failure), offer)
    return (
        f"{folder}: the float32 conversion of {named} {failure}; the log has TensorFlow's last "
        "words"
    )


def _explained(folder: str, named: str, text: str, offer: str) -> str:
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
        return f"{folder}: {named} does not convert to float32: {essence(text)}"
    if dtypes := narrow_floats(text):
        return f"{folder}: {essence(text)}, which {named} uses. {_in_float32(dtypes)}"
    way_out = _advice(ops) + (_not_by_flex(text) or offer)
    return f"{folder}: {essence(text)}, which {named} uses. {way_out}"


def _in_float32(dtypes: list[str]) -> str:
    return (
        f"A model trained in mixed precision computes in {' and '.join(dtypes)}: build it again "
        "under the dtype policy `float32` of Keras, give it the trained weights with set_weights, "
        "and export that."
    )


def _not_by_flex(text: str) -> str:
    ops = ", ".join(ops_without_kernel(text))
    return (
        f" `quantize.select_tf_ops` is no help: the Flex delegate lacks {ops}, too." if ops else ""
    )


def _advice(ops: list[str]) -> str:
    if any(op.startswith("TensorList") for op in ops):
        return (
            "Tensor lists come from loops: give Keras's recurrent layers unroll=True, and write "
            "other loops without TensorArray, or, for modes without calibration alone, fix the "
            "batch size of the exported signature; then export the model again."
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
