"""Choose among qualified candidates: one objective after another, each with its tolerance."""

import math
from collections.abc import Callable, Mapping, Sequence

from quantgate.spec.model import Objective

# Figures this close to the edge of a tolerance are inside it: 0.91 - 0.90 is not below 0.01.
ROUNDING = 1e-9

Figures = Mapping[str, float]
#: Of a figure and two candidates' names: whether what was measured cannot tell the two apart.
Alike = Callable[[str, str, str], bool]


def figure_of(objective: Objective) -> str:
    """The name of the figure that an objective is about."""
    return objective.minimize or objective.maximize or ""


def choose_winner(
    candidates: Mapping[str, Figures],
    objectives: Sequence[Objective],
    alike: Alike = lambda figure, one, other: False,
) -> str:
    """Choose lexicographically, with tolerances.

    Each objective keeps, of the candidates left by those before it, the ones within its tolerance
    of the best, and all up to the last one that is not told apart from the best; among those left
    at the end the objectives decide once more, in order and without tolerance, and then the name.
    So no candidate that is at least as good in every objective and better in one is ever passed
    over, and the order of `candidates` does not matter.

    Args:
        candidates: figures by candidate, at least one; every objective's figure is finite.
        objectives: in order.
        alike: widens a tolerance to what it does not tell apart from the best.

    Returns:
        The winner's name.
    """
    left = dict(candidates)
    for objective in objectives:
        left = _within_tolerance(left, objective, alike)
    return min(left, key=lambda name: (*_costs(left[name], objectives), name))


def pareto_front(candidates: Mapping[str, Figures], objectives: Sequence[Objective]) -> set[str]:
    """Names of the candidates that no other one dominates.

    One dominates another if it is at least as good in every objective and better in one.
    """
    costs = {name: _costs(figures, objectives) for name, figures in candidates.items()}
    return {
        name
        for name, own in costs.items()
        if not any(_dominates(other, own) for other in costs.values())
    }


def has_all_figures(figures: Figures, objectives: Sequence[Objective]) -> bool:
    """Whether every objective's figure is there and finite."""
    return all(math.isfinite(cost) for cost in _costs(figures, objectives))


def _within_tolerance(
    candidates: Mapping[str, Figures], objective: Objective, alike: Alike
) -> dict[str, Figures]:
    costs = {name: _cost(figures, objective) for name, figures in candidates.items()}
    first = min(costs, key=lambda name: (costs[name], name))
    best = costs[first]
    equal = [
        cost - best for name, cost in costs.items() if alike(figure_of(objective), name, first)
    ]
    tolerance = max([_tolerance(objective.within, best), *equal])
    return {
        name: candidates[name]
        for name, cost in costs.items()
        if cost - best <= tolerance or math.isclose(cost - best, tolerance, rel_tol=ROUNDING)
    }


def _tolerance(within: str | float, best: float) -> float:
    """An absolute number, or a percentage of the best."""
    if isinstance(within, str):
        return float(within.removesuffix("%")) / 100 * abs(best)
    return within


def _costs(figures: Figures, objectives: Sequence[Objective]) -> tuple[float, ...]:
    return tuple(_cost(figures, objective) for objective in objectives)


def _cost(figures: Figures, objective: Objective) -> float:
    """The objective's figure, with the sign that makes smaller better."""
    value = figures.get(figure_of(objective), math.nan)
    return value if objective.minimize else -value


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    return tuple(one) != tuple(other) and all(a <= b for a, b in zip(one, other, strict=True))
