"""The choice among qualified candidates: one objective after another, each with a tolerance.

If the objectives have weights, the least weighted sum of relative changes for the worse decides.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantgate.records.choice import ChoiceStep
from quantgate.spec.model.choice import Objective, WeightedObjective, WithinConfidence

# Figures this close to the edge of a tolerance are inside it, as 0.91 - 0.90 exceeds 0.01.
ROUNDING = 1e-9

Figures = Mapping[str, float]
#: `(objective, candidate, best) -> bool`: whether the difference is within measurement noise.
Alike = Callable[[Objective, str, str], bool]


class Choice(NamedTuple):
    """The winner, and the steps that led to it."""

    winner: str
    steps: list[ChoiceStep]


def never_alike(objective: Objective, other: str, best: str) -> bool:
    """Return False: every difference counts."""
    return False


def choose_winner(
    candidates: Mapping[str, Figures],
    objectives: Sequence[Objective],
    alike: Alike = never_alike,
    baseline: Figures | None = None,
) -> Choice:
    """Choose lexicographically with tolerances, or by weights.

    Each objective keeps the remaining candidates that are within its tolerance of the best. It also
    keeps all up to the last one that is indistinguishable from the best. Among those left at the
    end, the objectives decide once more, in order and without tolerance, and then the name. So no
    candidate is ever passed over that is at least as good in every objective and better in one. The
    order of `candidates` does not matter.

    Args:
        candidates: figures by candidate, at least one. Every objective's figure is finite.
        objectives: in order.
        alike: whether two candidates are indistinguishable, which widens a tolerance. With weights,
            such a candidate counts with the figure of the one with the least score.
        baseline: the baseline's figures, for weights.
    """
    if is_weighted(objectives):
        return _by_weights(candidates, objectives, alike, baseline or {})
    left = dict(candidates)
    steps = []
    for objective in objectives:
        best = min(left, key=lambda name: _rank(name, left[name], [objective, *objectives]))
        left = _within_tolerance(left, objective, best, alike)
        steps.append(
            ChoiceStep(
                by=objective.figure,
                best=best,
                value=candidates[best][objective.figure],
                within=_plain(objective),
                left=sorted(left),
            )
        )
    return Choice(min(left, key=lambda name: _rank(name, left[name], objectives)), steps)


def pareto_front(candidates: Mapping[str, Figures], objectives: Sequence[Objective]) -> set[str]:
    """Return the names of the candidates that no other one dominates.

    One dominates another if it is at least as good in every objective and better in one.
    """
    names = list(candidates)
    costs = np.array([_costs(candidates[name], objectives) for name in names]).reshape(
        len(names), len(objectives)
    )
    distinct, places = np.unique(costs, axis=0, return_inverse=True)
    kept = _undominated(distinct)
    return {name for name, place in zip(names, places.reshape(-1), strict=True) if kept[place]}


def has_all_figures(figures: Figures, objectives: Sequence[Objective]) -> bool:
    """Return whether every objective's figure is there and finite."""
    return all(math.isfinite(cost) for cost in _costs(figures, objectives))


def is_weighted(objectives: Sequence[Objective]) -> bool:
    """Return whether weights decide."""
    return all(isinstance(objective, WeightedObjective) for objective in objectives)


def score(figures: Figures, objectives: Sequence[Objective], baseline: Figures) -> float | None:
    """Return `sum(weight * change)`, or None if it is not finite.

    A change is `(figure - baseline) / abs(baseline)`, with the opposite sign if higher is better.
    It is +0.5 for a size 1.5 times as large and -0.25 for a quarter less. The baseline scores 0,
    and less is better.
    """
    if not is_weighted(objectives):
        return None
    total = 0.0
    for objective in objectives:
        own, theirs = _cost(figures, objective), _cost(baseline, objective)
        total += _weight(objective) * ((own - theirs) / abs(theirs) if theirs else math.nan)
    return total if math.isfinite(total) else None


def _by_weights(
    candidates: Mapping[str, Figures],
    objectives: Sequence[Objective],
    alike: Alike,
    baseline: Figures,
) -> Choice:
    def first_by(scores: Mapping[str, float]) -> str:
        return min(
            candidates, key=lambda name: (scores[name], *_rank(name, candidates[name], objectives))
        )

    scores = _scores(candidates, objectives, baseline)
    best = first_by(scores)
    settled = _scores(_settled(candidates, objectives, best, alike), objectives, baseline)
    winner = first_by(settled)
    left = sorted(name for name in candidates if settled[name] == settled[winner])
    step = ChoiceStep(by="weights", best=best, value=scores[best], within=0.0, left=left)
    return Choice(winner, [step])


def _scores(
    candidates: Mapping[str, Figures], objectives: Sequence[Objective], baseline: Figures
) -> dict[str, float]:
    scores = {name: score(own, objectives, baseline) for name, own in candidates.items()}
    return {name: math.inf if value is None else value for name, value in scores.items()}


def _settled(
    candidates: Mapping[str, Figures], objectives: Sequence[Objective], best: str, alike: Alike
) -> dict[str, dict[str, float]]:
    """Give the best one's figures to the candidates that are indistinguishable from it."""
    settled = {name: dict(figures) for name, figures in candidates.items()}
    for objective in objectives:
        costs = {name: _cost(figures, objective) for name, figures in candidates.items()}
        equal = [costs[name] for name in costs if name == best or alike(objective, name, best)]
        for name, cost in costs.items():
            if min(equal) <= cost <= max(equal):
                settled[name][objective.figure] = candidates[best][objective.figure]
    return settled


def _weight(objective: Objective) -> float:
    return objective.weight if isinstance(objective, WeightedObjective) else 1.0


def _rank(
    name: str, figures: Figures, objectives: Sequence[Objective]
) -> tuple[tuple[float, ...], str]:
    """Return the documented order of equals: the objectives without tolerance, then the name."""
    return _costs(figures, objectives), name


def _within_tolerance(
    candidates: Mapping[str, Figures], objective: Objective, best: str, alike: Alike
) -> dict[str, Figures]:
    """Keep all up to the last one that counts as equal to the best."""
    least = _cost(candidates[best], objective)
    costs = {name: _cost(figures, objective) - least for name, figures in candidates.items()}
    equal = [cost for name, cost in costs.items() if name != best and alike(objective, name, best)]
    tolerance = max([_tolerance(objective.within, candidates[best][objective.figure]), *equal])
    return {
        name: candidates[name]
        for name, cost in costs.items()
        if cost <= tolerance or math.isclose(cost, tolerance, rel_tol=ROUNDING)
    }


def _tolerance(within: str | float | WithinConfidence, best: float) -> float:
    """Return the absolute tolerance, or 0 if the samples set it."""
    if isinstance(within, WithinConfidence):
        return 0.0
    if isinstance(within, str):
        return float(within.removesuffix("%")) / 100 * abs(best)
    return within


def _plain(objective: Objective) -> str | float | dict[str, float]:
    within = objective.within
    return {"confidence": within.confidence} if isinstance(within, WithinConfidence) else within


def _costs(figures: Figures, objectives: Sequence[Objective]) -> tuple[float, ...]:
    return tuple(_cost(figures, objective) for objective in objectives)


def _cost(figures: Figures, objective: Objective) -> float:
    """Return the objective's figure, with the sign that makes smaller better."""
    value = figures.get(objective.figure, math.nan)
    return value if objective.minimize else -value


def _undominated(costs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which of distinct, lexicographically ordered rows no other dominates, bool [rows]."""
    kept, front, size = np.zeros(len(costs), np.bool_), np.empty_like(costs), 0
    for place, own in enumerate(costs):
        # A row that dominates comes first, as it is no greater in the first column that differs.
        if not np.any(np.all(front[:size] <= own, axis=1)):
            kept[place], front[size], size = True, own, size + 1
    return kept
