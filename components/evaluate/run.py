"""Run a model on a data set, sample by sample."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder, chunk_bounds, chunk_length
from quantgate.components.evaluate.compatibility import check_fit
from quantgate.components.evaluate.detection import detections_of
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.postprocess import Form, applied
from quantgate.components.evaluate.result import Result
from quantgate.components.evaluate.runner import Outputs, Runner, RunsSamples, SampleFailure
from quantgate.components.litert.binding import ModelFailure, Tensor
from quantgate.components.litert.interpreter import Encoded, LiteRTModel
from quantgate.errors import InputError
from quantgate.records.tasks import ModelFacts, Signature, Steps

Array = NDArray[Any]


class MetricFailure(ModelFailure):
    """A metric that cannot be computed from a model's outputs. `str(error)` is the reason."""


@dataclass(frozen=True)
class Scores:
    """The scores of a model on one signature.

    Attributes:
        results: a result for each metric, by title. Empty if an output was not finite.
        not_finite: int64, the indices of samples whose outputs were not finite.
        steps: the end of an evaluation in steps, None otherwise.
        covered: int64 [taken], the indices of the samples that it ran, None for all.
        provisional: whether another attempt may succeed, because time or memory ran out.
        refusal: XNNPACK's reason for refusing the model.
    """

    results: dict[str, Result]
    not_finite: NDArray[np.int64]
    steps: Steps | None = None
    covered: NDArray[np.int64] | None = None
    provisional: bool = False
    refusal: str | None = None


@dataclass(frozen=True)
class Part:
    """The scores of a shard of the samples.

    Attributes:
        kept: the values that metrics keep of the outputs, [k, ...] by title, up to the first sample
            whose outputs are not finite.
        not_finite: int64, the indices of samples whose outputs are not finite.
        refusal: XNNPACK's reason for refusing the model.
    """

    kept: dict[str, Array]
    not_finite: NDArray[np.int64]
    refusal: str | None = None


@dataclass(frozen=True)
class Subject:
    """A model that is scored on the samples of one signature.

    Attributes:
        path: the .tflite.
        facts: `ModelFacts` of the float model.
        dataset: the samples of one signature.
        plans: the metrics of that signature.
        baseline: the float .tflite, if a metric compares with it. None for that model itself.
    """

    path: str
    facts: ModelFacts
    dataset: DatasetFolder
    plans: Sequence[Plan]
    baseline: str | None

    @property
    def signature(self) -> Signature:
        """The signature of all the metrics."""
        return self.facts.signature(self.plans[0].signature)

    @property
    def reference(self) -> "Subject | None":
        """The baseline with the metrics that compare with it, or None if none does."""
        comparing = [plan for plan in self.plans if not plan.computation.labelled]
        if self.baseline is None or not comparing:
            return None
        return replace(self, path=self.baseline, plans=comparing, baseline=None)


#: The first sample of a shard, and its scores or the error.
ShardOutcome = tuple[int, Part | InputError | ModelFailure]


def score_shards(subject: Subject, shards: Iterable[range]) -> list[ShardOutcome]:
    """Run a .tflite at batch 1 on one thread on shards of the samples, and score the outputs.

    An error is the last outcome. The remaining shards are then skipped.
    """
    outcomes: list[ShardOutcome] = []
    start = 0
    try:
        runner = prepared(subject)
        reference = prepared(subject.reference) if subject.reference else None
        for shard in shards:
            start = shard.start
            part = score_all(runner, reference, subject.dataset, subject.plans, shard)
            outcomes.append((start, part))
    except (InputError, ModelFailure) as error:
        outcomes.append((start, error))
        deque(shards, maxlen=0)
    return outcomes


def score_all(
    runner: RunsSamples,
    reference: RunsSamples | None,
    dataset: DatasetFolder,
    plans: Sequence[Plan],
    shard: range,
) -> Part:
    """Run a model on a shard of the samples, and score the outputs.

    Raises:
        ModelFailure: the model failed on a sample, or a metric failed on the outputs.
    """
    kept: dict[str, list[Array]] = {plan.title: [] for plan in plans}
    finite = np.ones(len(shard), dtype=np.bool_)
    length = min(runner.length, reference.length if reference else runner.length)
    for first, last in chunk_bounds(len(shard), length):
        start, stop = shard.start + first, shard.start + last
        outputs = runner.run(dataset, start, stop)
        truth = reference.run(dataset, start, stop) if reference else outputs
        for values in outputs.values():
            finite[first:last] &= np.isfinite(values).reshape(last - first, -1).all(axis=1)
        if finite.all():
            for plan in plans:
                kept[plan.title].append(_scored(plan, outputs, truth, dataset, start, stop))
    not_finite = np.flatnonzero(~finite) + shard.start
    joined = {title: np.concatenate(k) for title, k in kept.items() if k}
    return Part(joined, not_finite, runner.refusal)


def _scored(
    plan: Plan, outputs: Outputs, reference: Outputs, dataset: DatasetFolder, start: int, stop: int
) -> Array:
    if plan.detection:
        return detections_of(plan.detection, outputs)
    labels = dataset.labels_at(plan.label)
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            values = applied(plan.steps, outputs[plan.output])
            if plan.computation.labelled and labels is not None:
                wanted = plan.truth_in(np.asarray(labels[1][start:stop]))
                return plan.computation.score(values, wanted, plan.settings)
            truth = applied(plan.steps, reference[plan.output])
            return plan.computation.score(values, truth, plan.settings)
    except ValueError as error:
        raise MetricFailure(f"metric `{plan.title}`: {error}") from error


def _run_sample(model: LiteRTModel, encoded: Encoded, row: int, sample: int) -> None:
    try:
        model.reset()
        model.feed(encoded, row)
        model.invoke()
    except (RuntimeError, ValueError) as error:
        raise SampleFailure(sample, str(error)) from error


def prepared(subject: Subject) -> Runner:
    """Load a model. If the shape of an output is dynamic, run a sample to know it."""
    signature, dataset = subject.signature, subject.dataset
    model = LiteRTModel(subject.path, subject.facts, signature, dataset.inputs)
    names = dict.fromkeys(name for plan in subject.plans for name in plan.outputs)
    if not all(model.knows(model.outputs[name]) for name in names):
        first_row = dataset.rows.start
        encoded = model.encode(_inputs_at(dataset, first_row))
        _run_sample(model, encoded, row=0, sample=first_row)
    first = {name: model.read(model.outputs[name]) for name in names}
    for name, values in first.items():
        _check_shape(model.outputs[name], values.shape, signature.outputs[name].shape[1:])
    forms = {name: Form(signature.outputs[name].dtype, o.shape) for name, o in first.items()}
    for plan in subject.plans:
        check_fit(plan, forms, dataset)
    length = chunk_length(max(_row_bytes(dataset), *(o.nbytes for o in first.values())))
    outputs = [model.outputs[name] for name in names]
    return Runner(model, [(output, model.buffer(output, length)) for output in outputs])


def _row_bytes(dataset: DatasetFolder) -> int:
    return sum(row.nbytes for row in _inputs_at(dataset, dataset.rows.start).values())


def _inputs_at(dataset: DatasetFolder, row: int) -> dict[str, Array]:
    return {name: array[row : row + 1] for name, array in dataset.inputs.items()}


def _check_shape(output: Tensor, shape: Sequence[int], expected: Sequence[int]) -> None:
    if len(shape) != len(expected) or any(
        size != wanted and wanted != -1 for size, wanted in zip(shape, expected, strict=True)
    ):
        raise ModelFailure(
            f"output `{output.name}` has shape {list(shape)} per sample, the float model's "
            f"{list(expected)}"
        )
