"""Where nothing qualified: who came closest, and the limits that would have let it pass."""

import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any

from pydantic import JsonValue

from quantgate.domain.figures import is_slice, slice_of, whole_of
from quantgate.domain.rules import ROUNDING, RULES
from quantgate.records.decision import Closest, Entry, Verdict

_DIGITS = 4


def closest_of(candidates: Sequence[Entry], misses: Mapping[str, list[str]]) -> Closest | None:
    """Fewest misses first, then the smaller of the worst misses relative to their limits.

    Args:
        candidates: all of them; None is returned where none was measured.
        misses: by name, why each that was measured does not qualify.
    """
    measured = [entry for entry in candidates if entry.name in misses]
    if not measured:
        return None
    found = min(
        measured, key=lambda entry: (len(misses[entry.name]), _worst_miss(entry), entry.name)
    )
    return Closest(
        name=found.name, missed=misses[found.name], limits=_loosened(found, misses[found.name])
    )


def _worst_miss(entry: Entry) -> float:
    return max((_relative_miss(verdict) for verdict in _missed(entry)), default=0.0)


def _missed(entry: Entry) -> list[Verdict]:
    return [verdict for verdict in entry.verdicts if not verdict.passed]


def _relative_miss(verdict: Verdict) -> float:
    """The miss as a share of the limit, or of the figure where the limit is zero."""
    if verdict.margin is None or verdict.figure is None:
        return math.inf
    return -verdict.margin / (abs(verdict.limit) or abs(verdict.figure) or 1.0)


def _loosened(entry: Entry, misses: Sequence[str]) -> dict[str, dict[str, JsonValue]]:
    """The missed limits, as loose as it takes; none where something else is in the way."""
    missed = _missed(entry)
    if len(missed) < len(misses) or any(verdict.margin is None for verdict in missed):
        return {}
    limits: dict[str, dict[str, Any]] = {}
    for verdict in missed:
        rules = limits.setdefault(whole_of(verdict.name), {})
        if verdict.worst_of:
            rules = rules.setdefault("each_slice", {})
        elif is_slice(verdict.name):
            rules = rules.setdefault("slices", {}).setdefault(slice_of(verdict.name), {})
        rules[verdict.rule] = _kept_limit(verdict)
    return limits


def _kept_limit(verdict: Verdict) -> float:
    """What the limit would have to be, rounded to the looser side."""
    value = (verdict.value if verdict.bound is None else verdict.bound) or 0.0
    if math.isclose(nearest := float(f"{value:.{_DIGITS}g}"), value, rel_tol=ROUNDING):
        return nearest
    rounding = ROUND_FLOOR if RULES[verdict.rule].is_floor else ROUND_CEILING
    return float(Context(prec=_DIGITS, rounding=rounding).create_decimal_from_float(value))
