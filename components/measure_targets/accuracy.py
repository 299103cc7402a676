"""The metrics of a model on TFLite Micro, over the evaluation samples or some of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder, open_dataset
from quantgate.components.evaluate import run
from quantgate.components.evaluate.planning import plan_metrics
from quantgate.components.evaluate.summing import summed_up
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.litert.flatbuffer import sequence
from quantgate.components.litert.interpreter import LiteRTModel, without_batch
from quantgate.components.measure_targets.attempt import Attempt, attempt
from quantgate.components.measure_targets.micro import MicroInterpreter
from quantgate.components.measure_targets.subject import Array, Subject
from quantgate.domain.targets import on_microcontroller
from quantgate.records.targets import TargetAccuracy
from quantgate.statistics.early_estimate import order_of

#: Samples of a chunk, whose outputs are in memory together.
CHUNK = 256


@dataclass(frozen=True)
class Request:
    """The metrics to compute.

    Attributes:
        metrics: entries of the spec's `measure.metrics`.
        samples: number of samples to run, None for all.
    """

    metrics: Sequence[Mapping[str, Any]]
    samples: int | None


@dataclass(frozen=True)
class _Runner:
    """A model in TFLite Micro that takes the place of evaluate's `Runner`."""

    model: LiteRTModel
    micro: MicroInterpreter
    length: int = CHUNK
    refusal: None = None

    def run(self, dataset: DatasetFolder, start: int, stop: int) -> dict[str, Array]:
        """Return the dequantized outputs [stop - start, ...] by name."""
        encoded = self.model.encode({n: each[start:stop] for n, each in dataset.inputs.items()})
        rows = [self.micro.outputs_of(encoded, row) for row in range(stop - start)]
        return {
            name: tensor.decode(without_batch(np.stack([row[tensor.index] for row in rows])))
            for name, tensor in self.model.outputs.items()
        }


def measure_accuracy(subject: Subject, request: Request) -> Attempt[dict[str, TargetAccuracy]]:
    """Return the accuracy by figure, such as `mcu_top1`, of a model that TFLite Micro runs."""
    return attempt(_accuracy, subject, request)


def _accuracy(subject: Subject, request: Request) -> dict[str, TargetAccuracy]:
    signature = subject.signature
    whole = open_dataset(subject.dataset, signature.key)
    rows = _rows(whole.manifest.samples, request.samples)
    dataset = whole if rows is None else whole.at(rows)
    plans = plan_metrics(request.metrics, subject.facts, lambda key: whole)
    if others := {plan.signature for plan in plans} - {signature.key}:
        raise ModelFailure(f"it runs `{signature.key}`, and not the signature `{others.pop()}`")
    scored = run.Subject(subject.path, subject.facts, dataset, plans, None)
    model = LiteRTModel(subject.path, subject.facts, signature, dataset.inputs)
    graph = subject.model.subgraphs[0]
    micro = MicroInterpreter(subject.content, sequence(graph.inputs), sequence(graph.outputs))
    count = len(next(iter(dataset.inputs.values())))
    part = run.score_all(_Runner(model, micro), None, dataset, plans, range(count))
    scores = summed_up(scored, [(0, part)])
    if not isinstance(scores, run.Scores):
        raise scores
    if len(scores.not_finite):
        raise ModelFailure(f"outputs of {len(scores.not_finite)} samples are not finite")
    return {
        on_microcontroller(plan.title): TargetAccuracy(
            metric=plan.metric,
            figure=scores.results[plan.title].figure,
            values=scores.results[plan.title].values.tolist(),
            rows=None if rows is None else rows.tolist(),
        )
        for plan in plans
    }


def _rows(available: int, wanted: int | None) -> NDArray[np.int64] | None:
    """Return a random choice of samples, the same for all models, or None for all samples."""
    if wanted is None or wanted >= available:
        return None
    return np.sort(order_of(available)[:wanted])
