"""Warnings about measurements that the decision rests on, and the others."""

from quantgate.domain.figures import BENCHMARKED
from quantgate.domain.targets import TARGET_OF
from quantgate.domain.warnings import WARNINGS, Warned
from quantgate.records.decision import Decision


def weighty_warnings(decision: Decision) -> list[Warned]:
    """Return the warnings, without doubts, that a limit or objective rests on."""
    return [each for each in decision.other_warnings if _is_weighty(each, decision)]


def further_warnings(decision: Decision) -> list[Warned]:
    """Return the warnings that no limit or objective rests on."""
    return [each for each in decision.other_warnings if not _is_weighty(each, decision)]


def _is_weighty(warned: Warned, decision: Decision) -> bool:
    named = {*decision.limits, *(objective.figure for objective in decision.choose)}
    about = WARNINGS[warned.id].about if warned.id in WARNINGS else "all"
    if about == "latency":
        return not named.isdisjoint(BENCHMARKED)
    return about == "all" or any(name in TARGET_OF or name.startswith("mcu_") for name in named)
