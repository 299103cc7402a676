"""Run a model on a few samples, to check that it works."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.conversion.failure import essence
from quantgate.components.litert.agreement import check_kernels, snr_db
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.litert.columns import LIVELY, broken_columns, check_columns
from quantgate.components.litert.interpreter import LiteRTModel
from quantgate.components.processes.isolation import FailedInChild, IsolatedFailure
from quantgate.records.attestation import ColumnCheck, KernelCheck, Trial
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

TRIAL_SAMPLES = 8
FREE_SIZE = 32
Arrays = dict[str, NDArray[Any]]
#: Inputs by signature.
Samples = dict[str, Arrays]
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


def samples_for_trial(facts: ModelFacts, dataset: str | None) -> Samples:
    """Return a few samples of each signature: spread over a data set, or made up without one."""
    return {each.key: samples_of(each, dataset) for each in facts.signatures}


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
    few = _spread(_count(samples), reference)
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


def trial_of(attempt: Attempt, beside: Attempt | None, *, made_up: bool) -> Trial:
    """Describe an attempt, compared with that of the float model if there is one."""
    outputs = attempt.outputs
    ratios = {name: snr_db(rows, beside.outputs[name]) for name, rows in outputs.items() if beside}
    sound = {name: _is_finite(rows) for name, rows in beside.on_zeros.items()} if beside else {}
    return Trial(
        samples=len(next(iter(outputs.values()), [])),
        made_up=made_up,
        not_finite=[name for name, rows in outputs.items() if not _is_finite(rows)],
        not_finite_on_zeros=[
            name
            for name, rows in attempt.on_zeros.items()
            if not _is_finite(rows) and sound.get(name, True)
        ],
        constant=[name for name, rows in outputs.items() if _is_constant(rows)],
        snr_db={name: ratio for name, ratio in ratios.items() if ratio is not None},
        columns=dict(_columns(outputs, beside.outputs)) if beside else {},
        kernels=attempt.kernels,
        kernels_problem=attempt.kernels_problem,
        refusal=attempt.refusal,
        outputs_sha256=_hash(outputs),
        dynamic=attempt.dynamic,
        sample_s=attempt.sample_s or None,
    )


def _hash(outputs: Outputs) -> str:
    """Hash outputs as float32. Two models with the same hash give the same values."""
    digest = hashlib.sha256()
    for name in sorted(outputs):
        for row in outputs[name]:
            # Adding 0 makes a negative 0 a positive one.
            values = np.asarray(row, np.float32) + np.float32(0)
            digest.update(f"{name}:{values.shape}:".encode() + values.tobytes())
    return digest.hexdigest()


def _columns(outputs: Outputs, expected: Outputs) -> Iterator[tuple[str, ColumnCheck]]:
    for name, rows in outputs.items():
        check = check_columns(rows, expected[name])
        if check and (check.constant or check.poor):
            yield name, check


def defects(trial: Trial, outputs: Outputs, expected: Outputs) -> list[str]:
    """Return a sentence for each output that is broken, unlike the float model's."""
    return [
        sentence
        for name, values in outputs.items()
        if (
            sentence := _defect(name, values, expected[name])
            or broken_columns(name, trial.columns.get(name), trial.samples)
        )
    ]


def _defect(name: str, values: Rows, expected: Rows) -> str | None:
    samples = len(values)
    if _is_finite(expected) and not _is_finite(values):
        return f"output `{name}` is not finite where the float model's is, on {samples} samples"
    if _is_constant(values) and _is_lively(expected):
        return f"output `{name}` is the same for {samples} samples, where the float model's differs"
    return None


def _is_finite(rows: Rows) -> bool:
    return all(bool(np.isfinite(row).all()) for row in rows)


def _is_constant(rows: Rows) -> bool:
    return all(np.array_equal(row, rows[0]) for row in rows)


def _is_lively(rows: Rows) -> bool:
    """Return whether outputs differ by many steps of an int8 output."""
    if len({row.shape for row in rows}) > 1:
        return True
    values = np.stack(rows).astype(np.float64)
    if not values.size:
        return False
    return bool(np.ptp(values, axis=0).max() > LIVELY * np.abs(values).max())


def samples_of(signature: Signature, dataset: str | None) -> Arrays:
    """Return a few samples of one signature: spread over a data set, or made up without one."""
    if dataset is None:
        return {name: _made_up(tensor) for name, tensor in signature.inputs.items()}
    inputs = open_dataset(dataset, signature.key).inputs
    return {
        name: np.array(values[_spread(len(values), TRIAL_SAMPLES)])
        for name, values in inputs.items()
    }


def _made_up(tensor: TensorFacts) -> NDArray[Any]:
    shape = (TRIAL_SAMPLES, *(FREE_SIZE if size < 0 else size for size in tensor.shape[1:]))
    random = np.random.default_rng(0)
    if np.issubdtype(np.dtype(tensor.dtype), np.floating):
        return random.random(shape).astype(tensor.dtype)
    # 0 and 1 are valid for pixels, tokens and categories alike.
    return random.integers(0, 2, shape).astype(tensor.dtype)


def _spread(count: int, wanted: int) -> NDArray[np.intp]:
    return np.unique(np.linspace(0, count - 1, wanted).astype(np.intp))


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
