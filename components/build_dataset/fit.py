"""Check that the arrays of a source fit the inputs of a signature."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from quantgate.components.build_dataset.sources import SourceArray
from quantgate.records.tasks import Signature, TensorFacts
from quantgate.spec.problems.wording import did_you_mean

FEEDABLE = ("float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "bool")
#: Kinds of dtype that can be cast to the kind of a model's input without loss of meaning. Integers
#: are checked for overflow when their values are read.
CASTS = MappingProxyType({"f": "fiu", "i": "iu", "u": "iu", "b": "b"})
LABELS = "fiub"


def structure_problems(
    arrays: Mapping[str, SourceArray], label: SourceArray | None, signature: Signature
) -> list[str]:
    """Return a sentence for each problem with names, shapes and dtypes of a source.

    Args:
        arrays: of the source by key, without the label.
        label: the array of the labels, if there are any.
        signature: of the float model.
    """
    problems = list(_name_problems(arrays, signature))
    for name, expected in signature.inputs.items():
        problems += _input_problems(arrays[name], expected) if name in arrays else []
    if label:
        problems += _label_problems(label)
    known = [arrays[name] for name in signature.inputs if name in arrays]
    return problems + _length_problems([*known, label] if label else known)


def listed(names: Sequence[str]) -> str:
    """Return names as a list for a sentence."""
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _name_problems(arrays: Mapping[str, SourceArray], signature: Signature) -> Iterator[str]:
    for name, expected in signature.inputs.items():
        if name not in arrays:
            near = did_you_mean(name, arrays.keys() - signature.inputs.keys())
            yield (
                f"input `{name}` is missing: expected {_per_sample(expected)}, the source has "
                f"{listed(list(arrays))}{f'. {near}' if near else ''}"
            )
    for key in (key for key in arrays if key not in signature.inputs):
        yield (
            f"`{key}` is not an input of the model, whose inputs are "
            f"{listed(list(signature.inputs))}: leave it out, or name it as the label"
        )


def _input_problems(array: SourceArray, expected: TensorFacts) -> list[str]:
    reason = _misfit(array, expected)
    if reason is None:
        return []
    given = f"given {array.dtype} {list(array.shape[1:])}"
    return [f"input `{array.key}`: expected {_per_sample(expected)}, {given}{reason}"]


def _misfit(array: SourceArray, expected: TensorFacts) -> str | None:
    if not expected.shape:
        return ": without a batch dimension the model cannot be given samples one by one"
    if not array.shape:
        return ": the array has no dimension that counts samples"
    if reason := _cast_problem(array.dtype, expected.dtype):
        return reason
    return None if _shape_fits(array.shape[1:], expected.shape[1:]) else ""


def _cast_problem(given: np.dtype[Any], expected: str) -> str | None:
    if given.kind == "O":
        return ": Python objects are not read, because loading them can run code. Store numbers"
    if given.kind in "SU" or expected not in FEEDABLE:
        return f": only {', '.join(FEEDABLE)} can be fed. Give the model numbers"
    wanted = np.dtype(expected)
    if given.kind in CASTS[wanted.kind]:
        return None
    if given.kind == "f" and wanted.kind in "iu":
        return ": floats are not rounded to integers. Store integers"
    return f": there is no safe cast. Store {expected}"


def _shape_fits(given: Sequence[int], expected: Sequence[int]) -> bool:
    return len(given) == len(expected) and all(
        size == wanted or (wanted == -1 and size > 0)
        for size, wanted in zip(given, expected, strict=True)
    )


def _label_problems(label: SourceArray) -> list[str]:
    if label.dtype.kind not in LABELS:
        return [
            f"label `{label.key}` is {label.dtype}: store class numbers or numeric targets, or "
            "list the names of text labels as `classes`"
        ]
    if not label.shape or 0 in label.shape[1:]:
        return [f"label `{label.key}` has shape {list(label.shape)}: it needs values per sample"]
    return []


def _length_problems(arrays: Sequence[SourceArray]) -> list[str]:
    lengths = {array.key: array.shape[0] for array in arrays if array.shape}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"`{key}` {length}" for key, length in lengths.items())
        return [f"the arrays differ in their number of samples: {counts}"]
    if lengths and 0 in lengths.values():
        return ["there are no samples"]
    return []


def _per_sample(facts: TensorFacts) -> str:
    return f"{facts.dtype} {facts.shape[1:]} per sample"
