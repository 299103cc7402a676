"""Inspect any .tflite with LiteRT and without TensorFlow: read it, and try it out."""

import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.attestation.attempt import Attempt, try_out, with_reference_kernels
from quantgate.components.attestation.samples import FREE_SIZE, TRIAL_SAMPLES, Arrays
from quantgate.components.attestation.trial import trial_of
from quantgate.components.conversion.failure import sentence
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.litert.model_file import ModelFile, confine, is_quantized, read_model
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.errors import InputError
from quantgate.records.attestation import Inspection, TensorAttest, Trial

LIMITS = ResourceLimits(timeout_s=600.0)
#: The most values to make up, for all samples of all inputs.
MOST_VALUES = 1 << 26


def inspect_model(path: Path, against: Path | None = None) -> Inspection:
    """Read a .tflite and run its first signature on random samples.

    Args:
        path: the model.
        against: another .tflite with the same signature, to compare the outputs with.

    Raises:
        UsageError: a path is not a file.
        InputError: a file is not a LiteRT model or is damaged, or `against` does not run on the
            samples.
    """
    model = read_model(path)
    other = read_model(against) if against else None
    if other:
        _require_same_names(model, other)
    fields = {**dict(model.delivered), "trial": _trial(model, other)}
    return Inspection(**fields, file=str(path), signatures=dict(model.signatures))


def _require_same_names(model: ModelFile, other: ModelFile) -> None:
    key = model.first
    if key not in other.signatures:
        raise _incomparable(model, other, "signatures", model.signatures, other.signatures)
    ours, theirs = model.facts(key).signature(key), other.facts(key).signature(key)
    for role in ("inputs", "outputs"):
        if set(getattr(ours, role)) != set(getattr(theirs, role)):
            raise _incomparable(model, other, role, getattr(ours, role), getattr(theirs, role))


def _incomparable(
    model: ModelFile, other: ModelFile, what: str, ours: Iterable[str], theirs: Iterable[str]
) -> InputError:
    return InputError(
        f"{model.path} and {other.path} cannot be compared: the {what} are {_listed(ours)} and "
        f"{_listed(theirs)}"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names) if name) or "none"


def _trial(model: ModelFile, other: ModelFile | None) -> Trial:
    beside = _float_attempt(model, other) if other else None
    try:
        attempt = with_reference_kernels(partial(_isolated, model, model), model.macs)
    except IsolatedFailure as failure:
        return Trial(samples=0, made_up=True, problem=sentence("running the model", failure))
    return trial_of(attempt, beside, made_up=True)


def _float_attempt(model: ModelFile, other: ModelFile) -> Attempt:
    try:
        return _isolated(other, model, 0)
    except IsolatedFailure as failure:
        raise InputError(f"{other.path}: {sentence('running the model', failure)}") from failure


def _isolated(model: ModelFile, like: ModelFile, reference: int) -> Attempt:
    return run_isolated(_attempt, model, like, reference, limits=LIMITS)


def _attempt(model: ModelFile, like: ModelFile, reference: int) -> Attempt:
    """Run the first signature of `like` on samples made up for it."""
    confine()
    key = like.first
    samples = _made_up(like.signatures[key].inputs)
    return try_out(model.path, model.facts(key), {key: samples}, reference)


def _made_up(inputs: list[TensorAttest]) -> Arrays:
    shapes = {tensor.name: _shape(tensor) for tensor in inputs}
    values = sum(math.prod(shape) for shape in shapes.values())
    if values > MOST_VALUES:
        raise ModelFailure(f"its inputs take {values} values, too many to generate")
    random = np.random.default_rng(0)
    return {tensor.name: _random(random, tensor, shapes[tensor.name]) for tensor in inputs}


def _shape(tensor: TensorAttest) -> tuple[int, ...]:
    """Return the shape of the samples. The batch is the model's, which may be fixed."""
    free = (1, *[FREE_SIZE] * len(tensor.shape))
    sizes = zip(tensor.shape, free, strict=False)
    return (TRIAL_SAMPLES, *(size if size >= 0 else instead for size, instead in sizes))


def _random(
    random: np.random.Generator, tensor: TensorAttest, shape: tuple[int, ...]
) -> NDArray[Any]:
    if is_quantized(tensor):
        limits = np.iinfo(tensor.dtype)
        steps = random.integers(limits.min, limits.max, shape, endpoint=True) - tensor.zero_point
        return np.asarray(steps * np.float32(tensor.scale), np.float32)
    dtype = _dtype(tensor)
    if np.issubdtype(dtype, np.floating):
        return random.random(shape).astype(dtype)
    # 0 and 1 are valid for pixels, tokens and categories alike.
    return random.integers(0, 2, shape).astype(dtype)


def _dtype(tensor: TensorAttest) -> np.dtype[Any]:
    try:
        return np.dtype(tensor.dtype)
    except TypeError:
        raise ModelFailure(f"values of dtype {tensor.dtype} cannot be generated") from None
