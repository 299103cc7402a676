"""The check whether an evaluation in steps may stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quantgate.decision.estimating import Measured
from quantgate.decision.verdicts import judge
from quantgate.domain.figures import metric_of
from quantgate.records.outcomes import VerdictOutcome
from quantgate.records.tasks import Steps
from quantgate.records.verdicts import Verdict
from quantgate.spec.model.choice import Objective, metrics_chosen_by
from quantgate.spec.model.limit import Limit
from quantgate.statistics.error_spending import CONFIDENCE, early_confidence
from quantgate.statistics.samples import Samples
from quantgate.statistics.units import Rows
from quantgate.wording.figures import confidence_text
from quantgate.wording.verdicts import rule_text


@dataclass(frozen=True)
class Contest:
    """The requirements that a candidate is checked against during its evaluation.

    Attributes:
        baseline: the baseline, with the values of all samples.
        limits: the spec's `gate`.
        choose: the spec's `choose`.
        candidates: the number of planned candidates, which share the error of passing early.
    """

    baseline: Measured
    limits: Mapping[str, Limit]
    choose: Sequence[Objective]
    candidates: int = 1

    def steps(self, values: Mapping[str, Samples], rows: Rows) -> Steps:
        """Return the state after some of the samples. The gate's verdicts will be the same.

        One limit that is certain to be violated decides. If all are certain to be met, that decides
        only if the choice needs none of the figures, which are exact only on all samples.

        Args:
            values: float64 [taken] by metric.
            rows: int64 [taken], the samples' places in the data set.
        """
        available = len(next(iter(self.baseline.samples.values())))
        steps = Steps(
            taken=len(rows),
            available=available,
            limits=self._rules,
            candidates=self.candidates,
        )
        if not steps.stopped:
            reason = f"all {available:,} samples were run: {self._why_all}"
            return _ended(steps, VerdictOutcome.UNDECIDED, reason)
        verdicts = self._verdicts(values, rows, steps)
        missed = [verdict for verdict in verdicts if verdict.outcome is VerdictOutcome.FAIL]
        if missed:
            return _ended(steps, VerdictOutcome.FAIL, _enough(steps, missed[:1], "violates"))
        if not self._chosen_by and all(verdict.passed for verdict in verdicts):
            return _ended(steps, VerdictOutcome.PASS, _enough(steps, verdicts, "meets"))
        return steps

    @property
    def _limits(self) -> dict[str, Limit]:
        metrics = self.baseline.metrics
        return {name: limit for name, limit in self.limits.items() if metric_of(name, metrics)}

    @property
    def _rules(self) -> int:
        return sum(len(limit.by_name) for limit in self._limits.values())

    @property
    def _chosen_by(self) -> list[str]:
        return metrics_chosen_by(self.choose, self.baseline.metrics)

    @property
    def _why_all(self) -> str:
        if self._chosen_by:
            return (
                "fewer did not show that it violates an accuracy limit, and the choice depends on "
                f"{' and '.join(self._chosen_by)}"
            )
        return "fewer did not show whether it meets its accuracy limits"

    def _verdicts(self, values: Mapping[str, Samples], rows: Rows, steps: Steps) -> list[Verdict]:
        figures = {name: float(taken.mean()) for name, taken in values.items()}
        candidate = Measured(
            None,
            figures,
            values,
            self.baseline.metrics,
            steps=steps,
            covered=rows,
            units=self.baseline.units,
        )
        return judge(candidate, self.baseline, self._limits)


def _ended(steps: Steps, outcome: VerdictOutcome, reason: str) -> Steps:
    return steps.model_copy(update={"outcome": outcome, "reason": reason})


def _enough(steps: Steps, verdicts: Sequence[Verdict], verb: str) -> str:
    least = min(verdict.confidence or CONFIDENCE for verdict in verdicts)
    rules = " and ".join(
        rule_text(verdict.model_copy(update={"confidence": None})) for verdict in verdicts
    )
    return (
        f"{steps.taken:,} of {steps.available:,} samples were enough to show, at "
        f"{confidence_text(early_confidence(least))} over all looks, that it {verb} {rules}"
    )
