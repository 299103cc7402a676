"""The steps between the output of a model and the input of a metric."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantgate.spec.model.metric import Part, Step

Array = NDArray[Any]


class Form(NamedTuple):
    """The dtype of values, and their shape per sample. A size of -1 is not known."""

    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype} {list(self.shape)} per sample"


def applied(steps: Sequence[Step], outputs: Array) -> Array:
    """Apply the steps to outputs [k, ...].

    Raises:
        ValueError: a step does not fit.
    """
    for step in steps:
        outputs = _apply(step, outputs)
    return outputs


def form_after(steps: Sequence[Step], form: Form) -> Form:
    """Return the form of values after the steps.

    Raises:
        ValueError: a step does not fit.
    """
    for step in steps:
        form = _form_after(step, form)
    return form


def argmax_classes(steps: Sequence[Step], form: Form) -> int:
    """Return the number of classes that a final argmax chooses from, -1 if it is not known.

    Raises:
        ValueError: a step does not fit.
    """
    if not steps or steps[-1].apply != "argmax":
        return -1
    return form_after(steps[:-1], form).shape[-1]


def listed(steps: Sequence[Step]) -> str:
    """Return the steps as text, such as " after softmax and argmax"."""
    return " after " + " and ".join(map(_title, steps)) if steps else ""


def softmax(values: Array) -> Array:
    """Compute the softmax over the last dimension, in float64."""
    shifted = np.exp(np.asarray(values, np.float64) - values.max(axis=-1, keepdims=True))
    shares: Array = shifted / shifted.sum(axis=-1, keepdims=True)
    return shares


def sigmoid(values: Array) -> Array:
    """Compute the logistic function, in float64."""
    shares: Array = 0.5 * (1 + np.tanh(0.5 * np.asarray(values, np.float64)))
    return shares


def _argmax(values: Array) -> Array:
    return np.asarray(values.argmax(axis=-1))


_FUNCTIONS: Mapping[str, Any] = MappingProxyType(
    {"softmax": softmax, "sigmoid": sigmoid, "argmax": _argmax}
)


def _apply(step: Step, outputs: Array) -> Array:
    if step.apply:
        return np.asarray(_FUNCTIONS[step.apply](outputs))
    if step.reshape is not None:
        return outputs.reshape(len(outputs), *step.reshape)
    if step.slice is not None:
        places = [slice(None)] * outputs.ndim
        places[_axis(step.slice, outputs.ndim - 1) + 1] = step.slice.bounds
        return outputs[tuple(places)]
    return np.asarray(outputs > step.threshold, np.int64)


def _form_after(step: Step, form: Form) -> Form:
    if step.threshold is not None:
        return Form("int64", form.shape)
    if step.reshape is not None:
        return Form(form.dtype, _reshaped(step.reshape, form.shape))
    if step.slice is not None:
        return Form(form.dtype, _sliced(step.slice, form.shape))
    if step.apply != "sigmoid" and not form.shape:
        raise ValueError(f"`{step.apply}` needs several values per sample, but there is one")
    return Form("int64", form.shape[:-1]) if step.apply == "argmax" else Form("float64", form.shape)


def _reshaped(sizes: Sequence[int], shape: tuple[int, ...]) -> tuple[int, ...]:
    if -1 in shape:
        return tuple(sizes)
    try:
        # A view of a single number, which takes no memory for a large shape.
        return np.broadcast_to(np.zeros(()), shape).reshape(sizes).shape
    except ValueError:
        raise ValueError(
            f"a sample of shape {list(shape)} cannot be reshaped to {list(sizes)}"
        ) from None


def _sliced(part: Part, shape: tuple[int, ...]) -> tuple[int, ...]:
    sizes, axis = list(shape), _axis(part, len(shape))
    sizes[axis] = _length(part, sizes[axis])
    return tuple(sizes)


def _axis(part: Part, dimensions: int) -> int:
    """Return the number of the dimension to slice, from 0."""
    if not -dimensions <= part.axis < dimensions:
        raise ValueError(f"`slice` has the axis {part.axis}, but a sample has {dimensions} in all")
    return part.axis % dimensions


def _length(part: Part, size: int) -> int:
    """Return the number of values that a part keeps of `size`, -1 if that is not known."""
    if size == -1:
        return -1
    given = [bound for bound in (part.start, part.stop) if bound is not None]
    if any(not -size <= bound <= size for bound in given) or not range(size)[part.bounds]:
        stop = "the end" if part.stop is None else part.stop
        raise ValueError(f"`slice` from {part.start or 0} to {stop} does not fit {size} values")
    return len(range(size)[part.bounds])


def _title(step: Step) -> str:
    if step.apply:
        return step.apply
    return next(iter(step.model_dump()))
