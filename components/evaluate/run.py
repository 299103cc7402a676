"""Running a model over a data set, sample by sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.dataset import (
    DatasetFolder,
    chunk_bounds,
    chunk_length,
    open_dataset,
)
from quantgate.components.evaluate.fit import Plan, check_fit
from quantgate.components.evaluate.metrics import COMPUTATIONS
from quantgate.components.interpreter import Encoded, LiteRTModel, ModelFailure, Tensor
from quantgate.components.progress import counted, expect
from quantgate.errors import InputError
from quantgate.records import ModelFacts, Signature

Array = NDArray[Any]


@dataclass(frozen=True)
class Scores:
    """One value per metric and sample, and the samples whose outputs were not finite."""

    by_metric: dict[str, NDArray[np.float64]]
    not_finite: NDArray[np.int64]


def score_model(
    path: str, facts: ModelFacts, dataset_path: str, plans: Sequence[Plan]
) -> Scores | InputError | ModelFailure:
    """Run a .tflite at batch 1 on one thread and score the outputs of one signature.

    `plans` are of metrics on that signature. Errors are returned, so that they reach the parent
    of an isolated process as they are.
    """
    signature = facts.signature(plans[0].signature)
    try:
        dataset = open_dataset(dataset_path, signature.key)
        model = LiteRTModel(path, facts, signature, dataset.inputs)
        buffers = _output_buffers(model, signature, dataset, plans)
        return _score_all(model, dataset, plans, buffers)
    except (InputError, ModelFailure) as error:
        return error


def _score_all(
    model: LiteRTModel, dataset: DatasetFolder, plans: Sequence[Plan], buffers: dict[str, Array]
) -> Scores:
    samples, length = dataset.manifest.samples, len(next(iter(buffers.values())))
    expect(samples)
    scores = {plan.metric: np.empty(samples) for plan in plans}
    finite = np.ones(samples, dtype=np.bool_)
    for start, stop in chunk_bounds(samples, length):
        outputs = _run_chunk(model, dataset, buffers, start, stop)
        truth = np.asarray(dataset.label)[start:stop]
        for values in outputs.values():
            finite[start:stop] &= np.isfinite(values).reshape(stop - start, -1).all(axis=1)
        for plan in plans:
            score = COMPUTATIONS[plan.metric].score
            with np.errstate(invalid="ignore", over="ignore"):
                scores[plan.metric][start:stop] = score(outputs[plan.output], truth, plan.peak)
    return Scores(scores, np.flatnonzero(~finite))


def _run_chunk(
    model: LiteRTModel, dataset: DatasetFolder, buffers: Mapping[str, Array], start: int, stop: int
) -> dict[str, Array]:
    """Outputs [stop - start, ...] by name, as the float model would give them."""
    encoded = model.encode({name: array[start:stop] for name, array in dataset.inputs.items()})
    targets = [(model.outputs[name], buffer) for name, buffer in buffers.items()]
    for row in counted(range(stop - start)):
        _run_sample(model, encoded, row, start + row)
        for tensor, buffer in targets:
            buffer[row] = model.read(tensor)
    return {tensor.name: tensor.decode(buffer[: stop - start]) for tensor, buffer in targets}


def _run_sample(model: LiteRTModel, encoded: Encoded, row: int, sample: int) -> None:
    try:
        model.reset()
        model.feed(encoded, row)
        model.invoke()
    except (RuntimeError, ValueError) as error:
        raise ModelFailure(f"the model failed on sample {sample}: {error}") from error


def _output_buffers(
    model: LiteRTModel, signature: Signature, dataset: DatasetFolder, plans: Sequence[Plan]
) -> dict[str, Array]:
    """One array [chunk, ...] per output that is scored; a first run tells its true shape."""
    encoded = model.encode({name: array[:1] for name, array in dataset.inputs.items()})
    _run_sample(model, encoded, row=0, sample=0)
    first = {plan.output: model.read(model.outputs[plan.output]) for plan in plans}
    for plan in plans:
        shape, expected = first[plan.output].shape, signature.outputs[plan.output]
        _check_shape(model.outputs[plan.output], shape, expected.shape[1:])
        check_fit(plan, expected.dtype, shape, dataset)
    length = chunk_length(max(_row_bytes(model, dataset), *(o.nbytes for o in first.values())))
    return {name: np.empty((length, *o.shape), o.dtype) for name, o in first.items()}


def _row_bytes(model: LiteRTModel, dataset: DatasetFolder) -> int:
    return sum(array[:1].nbytes for array in dataset.inputs.values())


def _check_shape(output: Tensor, shape: Sequence[int], expected: Sequence[int]) -> None:
    if len(shape) != len(expected) or any(
        size != wanted and wanted != -1 for size, wanted in zip(shape, expected, strict=True)
    ):
        raise ModelFailure(
            f"output `{output.name}` has shape {list(shape)} per sample, the float model's "
            f"{list(expected)}"
        )
