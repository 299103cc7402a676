"""Score models by a metric on labelled samples, instead of their agreement with the float model.

The loss of a model is how much worse its metric is than the float model's. In decibels it is
`-10 log10` of the loss as a part of what the metric's limit allows. So an edit that gains 0.5 dB
takes away 11 % of the loss, as with the agreement.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from quantgate.components.artifacts.dataset import content_sha256, open_dataset
from quantgate.components.evaluate.planning import Plan, plan_metrics
from quantgate.components.evaluate.run import Scores, Subject
from quantgate.components.evaluate.shards import reach_of
from quantgate.components.evaluate.summing import score_model
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.processes.sandbox import Reach
from quantgate.components.recover.agreement import decibels
from quantgate.components.recover.judging import Score
from quantgate.components.user_code import UserCode, import_code
from quantgate.domain.rules import RULES, Rule, worsening
from quantgate.records.scoring import Scoring
from quantgate.records.tasks import ModelFacts
from quantgate.spec.model.limit import Limit


@dataclass(frozen=True)
class Scorer:
    """The metric that models are scored by, with its samples.

    Attributes:
        dataset: folder of the labelled samples.
        metric: the entry of the spec's `measure.metrics`.
        limit: the entry of the spec's `gate`, if the metric has one.
        code: the user's file with the metric, if it is in one.
    """

    dataset: str
    metric: Mapping[str, Any]
    limit: Mapping[str, Any] | None = None
    code: UserCode | None = None

    def judge(self, baseline: str, facts: ModelFacts) -> "MetricJudge":
        """Return the judge of models.

        Args:
            baseline: the float .tflite.
            facts: of the model.

        Raises:
            InputError: the metric does not fit the outputs or the labels.
        """
        if self.code:
            import_code(self.code)
        limit = Limit.model_validate(self.limit, strict=False) if self.limit else None
        plan, *_ = plan_metrics([self.metric], facts, partial(open_dataset, self.dataset))
        samples = open_dataset(self.dataset, plan.signature)
        return MetricJudge(Subject(baseline, facts, samples, [plan], baseline), limit)


class MetricJudge:
    """The comparison of models by a metric.

    Attributes:
        runs: the samples that were run so far, by the float model or others.
    """

    def __init__(self, baseline: Subject, limit: Limit | None) -> None:
        """Start without any run.

        Args:
            baseline: the float model with the samples and the metric.
            limit: of the metric, if it has one.
        """
        self._baseline = baseline
        self._limit = limit
        self.runs = 0

    @property
    def samples(self) -> int:
        """The number of samples."""
        return self._baseline.dataset.manifest.samples

    @property
    def reach(self) -> Reach:
        """The changes that a process with the judge may make."""
        return reach_of(self._baseline)

    @cached_property
    def record(self) -> Scoring:
        """The metric and the samples."""
        signature = self._baseline.signature.key
        return Scoring(
            metric=self._plan.title,
            samples=self.samples,
            dataset_sha256=content_sha256({signature: self._baseline.dataset.manifest}),
            figure=self._float_figure,
        )

    def score(self, model: bytes) -> Score:
        """Return the metric of a model, and its loss in decibels."""
        with NamedTemporaryFile(suffix=".tflite") as file:
            Path(file.name).write_bytes(model)
            figure = self._figure(replace(self._baseline, path=file.name))
        loss = max(0.0, self._worse.value(figure, self._float_figure))
        return Score(decibels(loss / (self._allowed or 1.0)), figure)

    def bound(self, given_up: float, most_precise: Score, smallest: Score) -> float:
        """Return the decibels of a model that loses a part of what the limit allows.

        Without a limit, it is a part of what the smallest model loses.
        """
        return (0.0 if self._allowed else smallest.db) - 10 * math.log10(given_up)

    @property
    def _plan(self) -> Plan:
        return self._baseline.plans[0]

    @property
    def _worse(self) -> Rule:
        return worsening(higher_is_better=self._plan.higher_is_better)

    @cached_property
    def _float_figure(self) -> float:
        return self._figure(self._baseline)

    @cached_property
    def _allowed(self) -> float | None:
        """The loss that the limit allows, None if it allows none or there is no limit."""
        rules = self._limit.by_name if self._limit else {}
        figures = [
            RULES[name].figure_at(value, self._float_figure) for name, value in rules.items()
        ]
        losses = [self._worse.value(figure, self._float_figure) for figure in figures]
        return least if (least := min(losses, default=0.0)) > 0 else None

    def _figure(self, subject: Subject) -> float:
        self.runs += self.samples * (2 if subject.reference else 1)
        scores = score_model(subject, range(self.samples))
        if not isinstance(scores, Scores):
            raise scores
        if len(scores.not_finite):
            raise ModelFailure(f"an output of sample {scores.not_finite[0]} is NaN or infinite")
        return scores.results[self._plan.title].figure
