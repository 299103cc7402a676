"""Checks of `gate` beside its limits: that there is one, and that named warnings exist."""

from collections.abc import Iterator

from quantgate.domain.warnings import WARNINGS
from quantgate.spec.model.gate import Gate
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import did_you_mean, dotted, listed


def gate_findings(gate: Gate) -> Iterator[Finding]:
    """Check the keys of `gate` that are not limits."""
    if not gate.limits:
        hint = "Write for example `top1: {max_drop: 0.01}`."
        yield Finding(("gate",), "`gate` has no limit", hint)
    named = gate.warnings if isinstance(gate.warnings, list) else []
    for number, name in enumerate(named):
        path = ("gate", "warnings", number)
        if name not in WARNINGS:
            hint = did_you_mean(name, WARNINGS) or f"The warnings are {listed(WARNINGS, 'and')}."
            yield Finding(path, f"there is no warning `{name}`", hint)
        elif WARNINGS[name].is_doubt and gate.allow_doubtful:
            message = f"{dotted(path)} is `{name}`, which `gate.allow_doubtful` allows"
            yield Finding(path, message, "Remove one of the two.")
