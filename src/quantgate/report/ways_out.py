"""Advice of a decision without a winner, with the limits that a candidate would meet."""

import shlex
from collections.abc import Iterator, Mapping

from quantgate.records.decision import Closest, Decision
from quantgate.report.text import one_line


def advice_items(decision: Decision) -> list[str]:
    """Return the advice, with the limits that would let the closest candidate pass."""
    closest, ways = decision.closest, []
    if closest and closest.limits:
        ways = [f"relax the limits: {closest.name} would pass with {arguments_of(closest)}"]
    return [one_line(advice) for advice in [*decision.advice, *ways]]


def arguments_of(closest: Closest) -> str:
    """Return the limits that the closest candidate would meet, as arguments of the command."""
    settings = [f"{path}={value}" for path, value in leaves(closest.limits, "gate")]
    return " ".join(f"--set {shlex.quote(setting)}" for setting in settings)


def leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield each value in nested mappings as text with its dotted path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    else:
        yield path, f"{value:.10g}" if isinstance(value, float) else str(value)
