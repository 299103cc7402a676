"""The work of `convert_baseline`: convert the float model without quantization, and describe it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.conversion.converter import (
    Recipe,
    convert,
    derivation_is_proven,
    prepare,
)
from quantgate.components.conversion.failure import ops_without_builtin, sentence
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.saved_model import SavedModelGraph, declared_signatures
from quantgate.components.convert_baseline.batch import require_one_sample, takes_one_sample
from quantgate.components.convert_baseline.emptied import emptied
from quantgate.components.convert_baseline.failures import conversion_error, named
from quantgate.components.litert.flatbuffer import Contents, contents_of, parse, read_contents
from quantgate.components.litert.float_model import signature_of
from quantgate.components.litert.operations import operations, operations_by_graph
from quantgate.components.litert.variables import unassigned_variables
from quantgate.components.processes.isolation import (
    FailedInChild,
    IsolatedFailure,
    ResourceLimits,
    attempt_side_by_side,
    run_isolated,
)
from quantgate.components.processes.sandbox import gaps
from quantgate.domain.batch import AS_EXPORTED, ONE
from quantgate.domain.flex_ops import cannot_run, tensorflow_ops
from quantgate.domain.modes import BASELINE
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_tree
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

LIMITS = ResourceLimits(timeout_s=3600.0)


@dataclass(frozen=True)
class _Conversions:
    """The .tflite files of the float model.

    Attributes:
        baseline: the model as it ships.
        prepared: the model as TensorFlow calibrates it. Empty if none was asked for or made.
        unprepared: the reason why `prepared` could not be made, or None.
    """

    baseline: bytes
    prepared: bytes = b""
    unprepared: str | None = None


def convert_baseline(
    model: SavedModelGraph,
    *,
    calibrated: bool,
    baseline_path: str,
    prepared_path: str,
    facts_path: str,
    select_tf_ops: bool = False,
    source_sha256: str = "",
    batch: str = AS_EXPORTED,
) -> None:
    """Convert a SavedModel to a float32 .tflite and write its `ModelFacts`.

    Args:
        model: the signatures to convert.
        calibrated: whether to make the model that TensorFlow calibrates, too.
        baseline_path: the float .tflite to write.
        prepared_path: the model for calibration to write. The file is empty if there is none.
        facts_path: the JSON to write.
        select_tf_ops: whether ops that LiteRT has no builtin for may stay TensorFlow's own.
        source_sha256: hash of the file that the SavedModel was exported from, if there is one.
        batch: `1`, `dynamic`, `1 if free`, or empty to leave the batch sizes as they are.

    Raises:
        InputError: the SavedModel cannot be converted. The message has the reason and a fix.
    """
    declared = declared_signatures(model)
    model = replace(model, one_sample=takes_one_sample(model.folder, declared, batch))
    model, conversions = _with_variables(model, calibrated, select_tf_ops)
    parsed = parse(conversions.baseline)
    _refuse_emptied(model, parsed)
    contents = contents_of(parsed)
    delivered = _delivered(model, declared, contents)
    if batch == ONE:
        require_one_sample(model.folder, delivered)
    Path(baseline_path).write_bytes(conversions.baseline)
    Path(prepared_path).write_bytes(conversions.prepared)
    ModelFacts(
        source_sha256=source_sha256 or sha256_of_tree(model.folder),
        baseline_sha256=sha256_of_bytes(conversions.baseline),
        size_bytes=len(conversions.baseline),
        signatures=delivered,
        ops=contents.ops,
        tags=list(model.tags),
        tensorflow=tf.__version__,
        unprepared=conversions.unprepared,
        frozen=model.frozen,
        one_sample=model.one_sample,
        sandbox_gaps=gaps(),
    ).write(facts_path)


def _with_variables(
    model: SavedModelGraph, calibrated: bool, select_tf_ops: bool
) -> tuple[SavedModelGraph, _Conversions]:
    """Convert a model, with constants for its variables if the converter loses their values."""
    conversions = _conversions(model, calibrated, select_tf_ops)
    if _unassigned(conversions):
        model = replace(model, frozen=True)
        conversions = _conversions(model, calibrated, select_tf_ops)
        _refuse_unassigned(model, conversions)
    return model, conversions


def _delivered(
    model: SavedModelGraph, declared: Sequence[Signature], contents: Contents
) -> list[Signature]:
    """Return the signatures of the conversion, which have the names of the declared ones."""
    delivered = [signature_of(key, contents.signatures[key]) for key in model.signatures]
    for ours, theirs in zip(declared, delivered, strict=True):
        require_same_names(model.folder, ours, theirs)
    return delivered


def require_same_names(folder: str, declared: Signature, delivered: Signature) -> None:
    """Raise an error if a conversion changed the names of inputs or outputs.

    Data is bound to a model by these names, so a renamed input would get the wrong data.

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
                f"the conversion they are {_listed(theirs)}. Export the signature with a tensor "
                "of its own for every name"
            )


def _unassigned(conversions: _Conversions) -> list[str]:
    return unassigned_variables(operations_by_graph(parse(conversions.baseline)))


def _refuse_unassigned(model: SavedModelGraph, conversions: _Conversions) -> None:
    if names := _unassigned(conversions):
        listed = ", ".join(f"`{name}`" for name in names)
        raise InputError(
            f"{model.folder}: TensorFlow's converter left {named(model.signatures)} without the "
            f"values of its variables {listed}. Export the model again with "
            'model.export("folder"), or with the variables as constants'
        )


def _refuse_emptied(model: SavedModelGraph, parsed: ModelT) -> None:
    for name, shape in emptied(operations(parsed)):
        raise InputError(
            f"{model.folder}: TensorFlow's converter left {named(model.signatures)} without "
            f"results: `{name}` is computed from a constant of shape {list(shape)}, as happens "
            "where it replaces an op whose batch size is free. Set `model.batch: 1` in the spec, "
            "or express the op through others"
        )


def _conversions(model: SavedModelGraph, calibrated: bool, select_tf_ops: bool) -> _Conversions:
    calls: list[tuple[Any, ...]] = [(convert, model, Recipe(BASELINE))]
    if calibrated and derivation_is_proven(tf.__version__):
        calls.append((prepare, model))
    baseline, *others = attempt_side_by_side(_called, calls, limits=LIMITS)
    if select_tf_ops and _lacks_builtins(baseline):
        return _with_tensorflow_ops(model)
    if isinstance(baseline, IsolatedFailure):
        raise InputError(conversion_error(model, baseline)) from baseline
    prepared = others[0] if others else b""
    if isinstance(prepared, IsolatedFailure):
        return _Conversions(baseline, unprepared=sentence("calibration", prepared))
    return _Conversions(baseline, prepared)


def _lacks_builtins(baseline: bytes | IsolatedFailure) -> bool:
    return isinstance(baseline, FailedInChild) and bool(ops_without_builtin(str(baseline)))


def _with_tensorflow_ops(model: SavedModelGraph) -> _Conversions:
    recipe = Recipe(BASELINE, select_tf_ops=True)
    try:
        baseline = run_isolated(convert, model, recipe, limits=LIMITS)
    except IsolatedFailure as failure:
        raise InputError(conversion_error(model, failure, offer="")) from failure
    why = cannot_run(tensorflow_ops(read_contents(baseline).ops))
    return _Conversions(baseline, unprepared=f"calibration is not possible: {why}")


def _called(function: Callable[..., bytes], *arguments: object) -> bytes:
    return function(*arguments)


def _listed(tensors: dict[str, TensorFacts]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(tensors)) or "none"
