"""Run a model on a few samples, and on some of them with LiteRT's reference kernels."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from quantgate.components.attestation.samples import Arrays, Samples, spread
from quantgate.components.conversion.failure import essence
from quantgate.components.litert.agreement import check_kernels
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.litert.interpreter import LiteRTModel
from quantgate.components.processes.isolation import FailedInChild, IsolatedFailure
from quantgate.records.attestation import KernelCheck
from quantgate.records.tasks import ModelFacts, Signature

Rows = list[NDArray[Any]]
Outputs = dict[str, Rows]
#: The most samples that the reference kernels run, and the most multiply-accumulate operations.
#: They do some 0.5e9 a second, and a kernel that is wrong is so for any sample.
REFERENCE_SAMPLES = 4
REFERENCE_MACS = 500_000_000

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class Attempt:
    """The results of a model for a few samples, by output name.

    Attributes:
        outputs: real values, one array per sample.
        on_zeros: real values for one sample of zeros. Empty if the model does not run on it.
        kernels: comparison of the default kernels with the reference kernels.
        kernels_problem: the reason why the kernels could not be compared.
        refusal: XNNPACK's reason for refusing the model.
        dynamic: whether shapes of tensors are known only at run time.
        sample_s: seconds that one sample of each signature takes.
    """

    outputs: Outputs
    on_zeros: Outputs
    kernels: dict[str, KernelCheck] = field(default_factory=dict)
    kernels_problem: str | None = None
    refusal: str | None = None
    dynamic: bool = False
    sample_s: float = 0.0


def try_out(model: str | Path, facts: ModelFacts, samples: Samples, reference: int) -> Attempt:
    """Run a .tflite on samples, and on `reference` of them with LiteRT's reference kernels.

    Raises:
        ModelFailure: the model cannot be loaded or allocated, or has other signatures.
        RuntimeError: a kernel fails.
    """
    whole = Attempt({}, {})
    for signature in facts.signatures:
        part = _try_signature(model, facts, signature, samples[signature.key], reference)
        title = partial(facts.title, signature.key)
        whole = Attempt(
            outputs={**whole.outputs, **_titled(part.outputs, title)},
            on_zeros={**whole.on_zeros, **_titled(part.on_zeros, title)},
            kernels={**whole.kernels, **_titled(part.kernels, title)},
            kernels_problem=whole.kernels_problem or part.kernels_problem,
            refusal=whole.refusal or part.refusal,
            dynamic=whole.dynamic or part.dynamic,
            sample_s=whole.sample_s + part.sample_s,
        )
    return whole


def _titled(by_output: Mapping[str, ValueT], title: Callable[[str], str]) -> dict[str, ValueT]:
    return {title(name): value for name, value in by_output.items()}


def _try_signature(
    model: str | Path, facts: ModelFacts, signature: Signature, samples: Arrays, reference: int
) -> Attempt:
    runner = LiteRTModel(model, facts, signature, samples)
    started = time.perf_counter()
    outputs = _run(runner, samples)
    sample_s = (time.perf_counter() - started) / _count(samples)
    attempt = Attempt(
        outputs,
        _run_on_zeros(runner, samples),
        refusal=runner.refusal,
        dynamic=runner.has_dynamic_tensors,
        sample_s=sample_s,
    )
    if not reference:
        return attempt
    few = spread(_count(samples), reference)
    try:
        by_reference = LiteRTModel(model, facts, signature, samples, reference=True)
        others = _run(by_reference, _rows(samples, few))
    except (ModelFailure, RuntimeError, ValueError) as error:
        problem = essence(f"{type(error).__name__}: {error}")
        return replace(attempt, kernels_problem=problem)
    kernels = {
        name: check_kernels([outputs[name][row] for row in few], others[name], tensor.scale)
        for name, tensor in runner.outputs.items()
    }
    return replace(attempt, kernels=kernels)


def with_reference_kernels(attempt: Callable[[int], Attempt], macs: int) -> Attempt:
    """Try a model with the reference kernels, and without them if they crash.

    Args:
        attempt: takes the number of samples for the reference kernels, and runs a child process.
        macs: multiply-accumulate operations for one sample, which limit the number of samples.

    Raises:
        IsolatedFailure: the model fails without the reference kernels, too.
    """
    try:
        return attempt(max(1, min(REFERENCE_SAMPLES, REFERENCE_MACS // max(1, macs))))
    except FailedInChild:
        raise
    except IsolatedFailure as failure:
        # Reference kernels do not ship, so their crash must not count as the model's.
        return replace(attempt(0), kernels_problem=f"the model {failure} on reference kernels")


def _count(samples: Arrays) -> int:
    return len(next(iter(samples.values())))


def _rows(samples: Arrays, rows: Sequence[int] | NDArray[np.intp]) -> Arrays:
    return {name: values[rows] for name, values in samples.items()}


def _run_on_zeros(runner: LiteRTModel, samples: Arrays) -> Outputs:
    """Run a sample of zeros. Silence and black images are common, but rare in a data set."""
    try:
        return _run(runner, {name: np.zeros_like(rows[:1]) for name, rows in samples.items()})
    except RuntimeError:
        return {}


def _run(runner: LiteRTModel, samples: Arrays) -> Outputs:
    encoded = runner.encode(samples)
    rows: Outputs = {name: [] for name in runner.outputs}
    for row in range(_count(samples)):
        runner.reset()
        runner.feed(encoded, row)
        runner.invoke()
        for name, tensor in runner.outputs.items():
            rows[name].append(tensor.decode(runner.read(tensor)))
    return rows
