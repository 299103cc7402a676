"""Checks of the names of modes and metrics: that they exist and are measured."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from quantgate.domain.figure import Figure
from quantgate.domain.figures import BENCHMARKED, FIGURES, METRICS
from quantgate.domain.modes import BASELINE, QUANTIZED_MODES
from quantgate.domain.targets import MICROCONTROLLER, TARGET_OF
from quantgate.errors import KeyPath
from quantgate.spec.model.metric import Metric
from quantgate.spec.problems.findings import Finding, Unknown
from quantgate.spec.problems.wording import did_you_mean, listed, shortened


@dataclass(frozen=True)
class NamedFigures:
    """The metrics that limits and objectives can name.

    Attributes:
        known: all metrics by name, including those that the spec names itself.
        unmeasured: names of known metrics that this spec does not measure.
        unsettled: names in invalid entries of `measure.metrics`.
        obstacles: why metrics are not measured on TFLite Micro, by their names there.
    """

    known: Mapping[str, Figure]
    unmeasured: frozenset[str] = frozenset()
    unsettled: frozenset[str] = frozenset()
    obstacles: Mapping[str, str] = field(default_factory=dict)


def figure_findings(
    name: str, path: KeyPath, figures: NamedFigures, at_key: bool = False
) -> list[Finding]:
    """Return a finding if a metric does not exist, or if the spec does not measure it."""
    if name in figures.unsettled:
        return []
    if name not in figures.known and name in figures.obstacles:
        message = f"`{name}` cannot be measured on TFLite Micro"
        return [Finding(path, message, figures.obstacles[name], at_key)]
    if name not in figures.known:
        measured = [known for known in figures.known if known not in figures.unmeasured]
        near = did_you_mean(name, measured)
        return [_unknown("metric", name, figures.known, path, at_key, near)]
    if name not in figures.unmeasured:
        return []
    if name in BENCHMARKED:
        message = f"`{name}` is not measured, because `measure.latency` is null"
        hint = "Set `measure.latency`, such as to `{runs: 50}`, or remove this."
    elif name in TARGET_OF or name not in FIGURES:
        message = f"`{name}` is not measured"
        target = TARGET_OF.get(name, MICROCONTROLLER)
        hint = f"Add `{target.name}` to `measure.targets`, or remove this."
    else:
        message = f"`{name}` is not measured"
        hint = f"Add `{name}` to `measure.metrics`, or remove this."
    return [Finding(path, message, hint, at_key)]


def metric_findings(metric: Metric, path: KeyPath) -> list[Finding]:
    """Return a finding if a metric does not exist."""
    name = metric.metric
    if ":" in name and not metric.is_own:
        message = f"`{shortened(name)}` is not a Python function"
        return [Finding(path, message, "Write `module:function`.")]
    return [] if metric.figure else [_unknown("metric", name, METRICS, path)]


def mode_findings(name: str, path: KeyPath) -> list[Finding]:
    """Return a finding if a mode does not exist or is the baseline."""
    if name == BASELINE.name:
        message = f"`{name}` is the baseline, which is always measured"
        return [Finding(path, message, "Remove it from `quantize.modes`.")]
    if name not in QUANTIZED_MODES:
        return [_unknown("mode", name, QUANTIZED_MODES, path)]
    return []


def _unknown(
    kind: str,
    name: str,
    known: Collection[str],
    path: KeyPath,
    at_key: bool = False,
    near: str | None = None,
) -> Finding:
    hint = near or did_you_mean(name, known) or f"The {kind}s are {listed(known, 'and')}."
    return Unknown(path, f"there is no {kind} `{shortened(name)}`", hint, at_key)
