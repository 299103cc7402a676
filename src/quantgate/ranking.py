"""Among judged candidates: who stands on a Pareto front, and who is chosen."""

from collections.abc import Mapping, Sequence

from quantgate.choice import Alike, Choice, choose_winner, has_all_figures, pareto_front
from quantgate.decision import Entry
from quantgate.early_plan import metrics_chosen_by
from quantgate.gate import Measured, estimate_of
from quantgate.spec.choice import Objective, WithinConfidence


def with_pareto_fronts(
    candidates: Sequence[Entry], choose: Sequence[Objective], metrics: Mapping[str, str]
) -> list[Entry]:
    """Mark who is on the front of those that qualify, and on that of all that were measured.

    Without those whose evaluation stopped, where their figures on a part would count.
    """
    on_metrics = bool(metrics_chosen_by(choose, metrics))
    measured = [
        entry
        for entry in candidates
        if entry.status == "measured"
        and has_all_figures(entry.measurements, choose)
        and not (on_metrics and entry.steps and entry.steps.stopped)
    ]
    among_measured = _front(measured, choose)
    among_qualified = _front([entry for entry in measured if entry.qualified], choose)
    return [
        entry.model_copy(
            update={
                "pareto": entry.name in among_qualified,
                "pareto_measured": entry.name in among_measured,
            }
        )
        for entry in candidates
    ]


def choice_among(
    candidates: Sequence[Entry], choose: Sequence[Objective], baseline: Entry, alike: Alike
) -> Choice | None:
    """Choose among those that qualify; None where nobody does."""
    qualified = {entry.name: entry.measurements for entry in candidates if entry.qualified}
    return choose_winner(qualified, choose, alike, baseline.measurements) if qualified else None


def alike_by_samples(models: Mapping[str, Measured], otherwise: Alike) -> Alike:
    """Whether samples, in pairs, leave open that one model is worse than the best; or `otherwise`.

    Samples are asked where an objective's tolerance is a confidence.
    """

    def alike(objective: Objective, other: str, best: str) -> bool:
        if not isinstance(objective.within, WithinConfidence):
            return otherwise(objective, other, best)
        if models[other].covered is not None or models[best].covered is not None:
            return False  # values of single samples that belong to different ones
        rule = "max_rise" if objective.minimize else "max_drop"
        estimate = estimate_of(objective.figure, rule, models[other], models[best])
        return estimate is not None and not estimate.lower(objective.within.confidence) > 0

    return alike


def _front(entries: Sequence[Entry], choose: Sequence[Objective]) -> set[str]:
    return pareto_front({entry.name: entry.measurements for entry in entries}, choose)
