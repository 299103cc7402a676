"""Score models by a metric on labelled samples, instead of their agreement with the float model.

The loss of a model is how much worse its metric is than the float model's. In decibels it is
`-10 log10` of the loss. So an edit that gains 0.5 dB removes 11 % of the loss, as with the
agreement.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from statistics import NormalDist
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np

from quantgate.components.artifacts.dataset import content_sha256, open_dataset
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.planning import plan_metrics
from quantgate.components.evaluate.result import Result
from quantgate.components.evaluate.run import Scores, Subject
from quantgate.components.evaluate.shards import reach_of
from quantgate.components.evaluate.summing import score_model
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.processes.sandbox import Reach
from quantgate.components.recover.agreement import decibels
from quantgate.components.recover.judging import Score
from quantgate.components.user_code import UserCode, import_code
from quantgate.domain.rules import RULES, Rule, worsening
from quantgate.domain.search import Slot
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
            figure=self._of_float.figure,
        )

    def score(self, model: bytes) -> Score:
        """Return the metric of a model, and its loss in decibels."""
        with NamedTemporaryFile(suffix=".tflite") as file:
            Path(file.name).write_bytes(model)
            result = self._result(replace(self._baseline, path=file.name))
        loss = max(0.0, self._loss(result.figure))
        return Score(decibels(loss), result.figure, error=_error(result, self._of_float))

    def suits(self, slot: Slot, score: Score, most_precise: Score, smallest: Score) -> bool:
        """Return whether a model meets the limit with the confidence of a slot.

        Without a limit, it may lose a part of what the smallest model loses.
        """
        if self._allowed is None:
            return score.db >= smallest.db - 10 * math.log10(slot.given_up)
        margin = NormalDist().inv_cdf(slot.confidence) * score.error
        return self._loss(score.figure or 0.0) + margin <= self._allowed

    @property
    def _plan(self) -> Plan:
        return self._baseline.plans[0]

    @property
    def _worse(self) -> Rule:
        return worsening(higher_is_better=self._plan.higher_is_better)

    @cached_property
    def _of_float(self) -> Result:
        return self._result(self._baseline)

    def _loss(self, figure: float) -> float:
        """Return how much worse a figure is than the float model's."""
        return self._worse.value(figure, self._of_float.figure)

    @cached_property
    def _allowed(self) -> float | None:
        """The loss that the limit allows, None if it allows none or there is no limit."""
        rules = self._limit.by_name if self._limit else {}
        figures = [
            RULES[name].figure_at(value, self._of_float.figure) for name, value in rules.items()
        ]
        least = min(map(self._loss, figures), default=0.0)
        return least if least > 0 else None

    def _result(self, subject: Subject) -> Result:
        self.runs += self.samples * (2 if subject.reference else 1)
        scores = score_model(subject, range(self.samples))
        if not isinstance(scores, Scores):
            raise scores
        if len(scores.not_finite):
            raise ModelFailure(f"an output of sample {scores.not_finite[0]} is NaN or infinite")
        return scores.results[self._plan.title]


def _error(result: Result, of_float: Result) -> float:
    """Return the standard error of a difference, 0 if samples have no values of their own."""
    differences = result.values - of_float.values
    error = differences.std() / math.sqrt(max(1, len(differences)))
    return float(np.nan_to_num(error))
