"""Running a model on a few samples, to learn whether it works at all."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.dataset import open_dataset
from quantgate.components.interpreter import LiteRTModel
from quantgate.records import ModelFacts, TensorFacts

TRIAL_SAMPLES = 8
FREE_SIZE = 32
#: The float model's outputs must differ by this share of their largest value before a model that
#: gives one answer to everything counts as broken: many steps of an int8 output.
LIVELY = 0.05
Arrays = dict[str, NDArray[Any]]
Rows = list[NDArray[Any]]
Outputs = dict[str, Rows]


def samples_for_trial(facts: ModelFacts, dataset: str | None) -> Arrays:
    """A few samples [k, ...] by input name: spread over a data set, or made up without one."""
    if dataset is None:
        return {name: _made_up(tensor) for name, tensor in facts.signature.inputs.items()}
    inputs = open_dataset(dataset).inputs
    return {name: np.array(values[_spread(len(values))]) for name, values in inputs.items()}


def outputs_of(model: str | Path, facts: ModelFacts, samples: Arrays) -> Outputs:
    """Run a .tflite over samples; for each, outputs by name as the float model would give them.

    Raises:
        ModelFailure: it cannot be loaded or allocated, or its signature is another.
        RuntimeError: a kernel refuses.
    """
    runner = LiteRTModel(model, facts, samples)
    encoded = runner.encode(samples)
    rows: Outputs = {name: [] for name in runner.outputs}
    for row in range(len(next(iter(samples.values())))):
        runner.reset()
        runner.feed(encoded, row)
        runner.invoke()
        for name, tensor in runner.outputs.items():
            rows[name].append(tensor.decode(runner.read(tensor)))
    return rows


def defects(outputs: Outputs, expected: Outputs) -> list[str]:
    """Hold outputs against the float model's for the same samples; a sentence for each defect."""
    return [
        sentence
        for name, values in outputs.items()
        if (sentence := _defect(name, values, expected[name]))
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
    if len({row.shape for row in rows}) > 1:
        return True
    values = np.stack(rows).astype(np.float64)
    return bool(np.ptp(values, axis=0).max() > LIVELY * np.abs(values).max())


def _made_up(tensor: TensorFacts) -> NDArray[Any]:
    shape = (TRIAL_SAMPLES, *(FREE_SIZE if size < 0 else size for size in tensor.shape[1:]))
    random = np.random.default_rng(0)
    if np.issubdtype(np.dtype(tensor.dtype), np.floating):
        return random.random(shape).astype(tensor.dtype)
    # 0 and 1 are in range whatever an integer input means: a pixel, a token, a category.
    return random.integers(0, 2, shape).astype(tensor.dtype)


def _spread(count: int) -> NDArray[np.intp]:
    return np.unique(np.linspace(0, count - 1, TRIAL_SAMPLES).astype(np.intp))
