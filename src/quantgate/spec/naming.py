"""Names of modes, metrics and figures: known, and of something that is measured."""

from collections.abc import Collection

from quantgate.figures import FIGURES, METRICS
from quantgate.modes import BASELINE, QUANTIZED_MODES
from quantgate.spec.problems import Finding, KeyPath
from quantgate.spec.wording import did_you_mean, listed, shortened


def figure_findings(
    name: str, path: KeyPath, unmeasured: Collection[str], at_key: bool = False
) -> list[Finding]:
    """Refuse a figure that does not exist, or that this spec does not measure."""
    if name not in FIGURES:
        return [_unknown("figure", name, FIGURES, path, at_key)]
    if name not in unmeasured:
        return []
    if name in METRICS:
        message = f"`{name}` is not measured"
        hint = f"Add `{name}` to `measure.metrics`, or remove this."
    else:
        message = f"`{name}` is not measured, because `measure.latency` is null"
        hint = "Give `measure.latency` settings such as `{runs: 50}`, or remove this."
    return [Finding(path, message, hint, at_key)]


def metric_findings(name: str, path: KeyPath) -> list[Finding]:
    """Refuse a metric that does not exist."""
    return [] if name in METRICS else [_unknown("metric", name, METRICS, path)]


def mode_findings(name: str, path: KeyPath) -> list[Finding]:
    """Refuse a mode that does not exist, and the baseline as a candidate."""
    if name == BASELINE.name:
        message = f"`{name}` is the baseline, which is always measured"
        return [Finding(path, message, "Remove it from `quantize.modes`.")]
    if name not in QUANTIZED_MODES:
        return [_unknown("mode", name, QUANTIZED_MODES, path)]
    return []


def _unknown(
    kind: str, name: str, known: Collection[str], path: KeyPath, at_key: bool = False
) -> Finding:
    hint = did_you_mean(name, known) or f"The {kind}s are {listed(known, 'and')}."
    return Finding(path, f"there is no {kind} `{shortened(name)}`", hint, at_key)
