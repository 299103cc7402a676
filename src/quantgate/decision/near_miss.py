"""The candidate that came closest when nothing qualified, and limits that it would meet."""

import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any

from pydantic import JsonValue

from quantgate.domain.figures import is_slice, slice_of, whole_of
from quantgate.domain.rules import ROUNDING, RULES
from quantgate.records.decision import Closest
from quantgate.records.entries import Entry
from quantgate.records.verdicts import Verdict

_DIGITS = 4


def closest_of(candidates: Sequence[Entry], misses: Mapping[str, list[str]]) -> Closest | None:
    """Return the candidate with the fewest violated limits, then the smallest relative violations.

    The largest violations are compared first.

    Args:
        candidates: all of them. None is returned if none was measured.
        misses: the reasons why a measured candidate does not qualify, by name.
    """
    measured = [entry for entry in candidates if entry.name in misses]
    if not measured:
        return None
    closest = min(
        measured, key=lambda entry: (len(misses[entry.name]), _relative_misses(entry), entry.name)
    )
    return Closest(
        name=closest.name,
        missed=misses[closest.name],
        limits=_loosened(closest, misses[closest.name]),
    )


def _relative_misses(entry: Entry) -> list[float]:
    return sorted(map(_relative_miss, _missed(entry)), reverse=True)


def _missed(entry: Entry) -> list[Verdict]:
    return [verdict for verdict in entry.verdicts if not verdict.passed]


def _relative_miss(verdict: Verdict) -> float:
    """Return the violation as a share of the limit, or of the figure for a limit of zero."""
    if verdict.margin is None or verdict.figure is None:
        return math.inf
    return -verdict.margin / (abs(verdict.limit) or abs(verdict.figure) or 1.0)


def _loosened(entry: Entry, misses: Sequence[str]) -> dict[str, dict[str, JsonValue]]:
    """Return the violated limits, loosened just enough. Empty if something else is in the way."""
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
    """Return the tightest limit that is met, rounded to the looser side."""
    value = (verdict.value if verdict.bound is None else verdict.bound) or 0.0
    if math.isclose(nearest := float(f"{value:.{_DIGITS}g}"), value, rel_tol=ROUNDING):
        return nearest
    rounding = ROUND_FLOOR if RULES[verdict.rule].is_floor else ROUND_CEILING
    return float(Context(prec=_DIGITS, rounding=rounding).create_decimal_from_float(value))
