"""Figures and verdicts in words; one wording for decisions and for every report."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from quantgate.decision import Verdict
from quantgate.figures import ALLOCATED, FIGURES, LATENCIES, LOAD, MEMORY, SIZE, Figure
from quantgate.records import Conditions, Interval
from quantgate.targets import TARGET_OF

#: What is smaller or greater is written with an exponent.
LEAST_PLAIN, MOST_PLAIN = 1e-6, 1e15
KIB, MIB = 1024, 1024**2
_NOUNS: Mapping[str, str] = MappingProxyType(
    {
        "min": "",
        "max": "",
        "max_drop": " drop",
        "max_rise": " rise",
        "max_drop_percent": " drop",
        "max_ratio": " ratio",
    }
)
_SHORT_NAMES: Mapping[str, str] = MappingProxyType(
    {SIZE.name: "size", LOAD.name: "load", MEMORY.name: "memory", ALLOCATED.name: "allocated"}
    | {name: name.removeprefix("latency_").removesuffix("_ms") for name in LATENCIES}
    | {name: name.removesuffix("_bytes").removesuffix("_per_s") for name in TARGET_OF}
)


def short_name(figure: str) -> str:
    """What a person calls a figure: `size`, `top1`, `p95`."""
    return _SHORT_NAMES.get(figure, figure)


def number_text(name: str, value: float, digits: int = 4) -> str:
    """A figure without its unit: `30,496`, `0.8908`, `31.81`, `1.23`.

    `digits` are the significant ones of a figure whose size is not known beforehand, as a loss's.
    """
    figure = FIGURES.get(name, Figure(name, higher_is_better=True))
    if figure.unit in ("bytes", "cycles", "ops"):
        return f"{value:,.0f}"
    if figure.most == 1:
        return _decimals(value, 4)
    if figure.unit == "dB":
        return _decimals(value, 2)
    if figure.unit in ("ms", "per second"):
        return _significant(value, 3)
    return _plain(value, digits)


def figure_text(name: str, value: float) -> str:
    """A figure with its unit: `30,496 bytes`, `0.8908`, `31.81 dB`, `1.23 ms`."""
    figure = FIGURES.get(name, Figure(name, higher_is_better=True))
    return f"{number_text(name, value)} {figure.unit}".rstrip()


def size_text(size_bytes: float) -> str:
    """A size in KiB, from 1 MiB on in MiB: `29.8 KiB`, `96.08 MiB`."""
    if size_bytes < MIB:
        return f"{size_bytes / KIB:,.1f} KiB"
    return f"{size_bytes / MIB:,.2f} MiB"


def readable_text(name: str, value: float) -> str:
    """As `figure_text`, but for sizes of many bytes: `96.08 MiB`."""
    return size_text(value) if is_size(name) and value >= MIB else figure_text(name, value)


def is_size(name: str) -> bool:
    """Whether a figure counts bytes."""
    return name in FIGURES and FIGURES[name].unit == "bytes"


def change_text(name: str, change: float) -> str:
    """A difference against the baseline, always with a sign: `+0.0016`."""
    return f"{'-' if change < 0 else '+'}{number_text(name, abs(change), digits=2)}"


def ratio_text(ratio: float) -> str:
    """A ratio to the baseline: `0.61`."""
    return _decimals(ratio, 2)


def range_text(interval: Interval) -> str:
    """The interval of a ratio to the baseline: `0.58 to 0.64`."""
    return f"{ratio_text(interval.low)} to {ratio_text(interval.high)}"


def conditions_text(conditions: Conditions) -> str:
    """The state of a machine that models were timed on."""
    return (
        f"{conditions.cores} cores, governor {conditions.governor}, load {conditions.load:.2f} "
        f"before; others took {100 * conditions.others:.0f} % of the cores' time, the hypervisor "
        f"{100 * conditions.stolen:.0f} %; {conditions.preempted:,} of "
        f"{conditions.invocations:,} invocations were interrupted"
    )


def confidence_text(confidence: float) -> str:
    """A confidence: `95 % confidence`."""
    return f"{100 * confidence:.10g} % confidence"


def tolerance_text(within: str | float | Mapping[str, float]) -> str:
    """How close counts as equal: `5%`, `0.01`, `what the samples show at 95 % confidence`."""
    if isinstance(within, str):
        return within
    if isinstance(within, Mapping):
        return f"what the samples show at {confidence_text(within['confidence'])}"
    return _plain(within)


def rule_text(verdict: Verdict) -> str:
    """What a verdict is about: `top1 drop at most 0.01 at 95 % confidence`."""
    name = f"{verdict.worst_of}[each slice]" if verdict.worst_of else verdict.name
    text = f"{name}{_NOUNS[verdict.rule]} {_side(verdict)} {limit_text(verdict)}"
    if verdict.confidence is None:
        return text
    return f"{text} at {confidence_text(verdict.confidence)}"


def limit_text(verdict: Verdict) -> str:
    """The limit as the spec has it, with its unit."""
    return _with_unit(verdict, _plain(verdict.limit))


def amount_text(verdict: Verdict, amount: float) -> str:
    """A value, bound or margin of a verdict, in the unit of its rule."""
    if verdict.rule == "max_ratio":
        return _decimals(amount, 3)
    if verdict.rule == "max_drop_percent":
        return _with_unit(verdict, _decimals(amount, 2))
    return figure_text(verdict.kind, amount)


def miss_text(verdict: Verdict) -> str:
    """How a limit was missed or left open: `top1 drop of 0.0231 exceeds 0.01 by 0.0131`."""
    if verdict.value is None:
        return f"{rule_text(verdict)}: nothing was measured that could show it"
    if verdict.outcome == "undecided":
        return _undecided_text(verdict)
    verb = "falls short of" if verdict.rule == "min" else "exceeds"
    return (
        f"{_subject(verdict)} of {_value_text(verdict, verdict.value)} {verb} "
        f"{limit_text(verdict)} by {amount_text(verdict, -(verdict.margin or 0.0))}"
    )


def short_miss_text(verdict: Verdict) -> str:
    """The same for a narrow column: `misses top1 by 0.0131`."""
    if verdict.value is None:
        return f"{short_name(verdict.name)} not measured"
    if verdict.outcome == "undecided":
        return f"{short_name(verdict.name)} undecided"
    times = "x" if verdict.rule == "max_ratio" else ""
    amount = amount_text(verdict, -(verdict.margin or 0.0))
    return f"misses {short_name(verdict.name)} by {amount}{times}"


def reach_text(verdict: Verdict) -> str:
    """On which side of its value a verdict's bound lies."""
    return "down to" if verdict.rule == "min" else "up to"


def _undecided_text(verdict: Verdict) -> str:
    value = f"{_subject(verdict)} of {amount_text(verdict, verdict.value or 0.0)}"
    if verdict.margin is None or verdict.interval is None:
        return f"{rule_text(verdict)}: {value} comes with too few {_evidence(verdict)} to show it"
    interval = (
        f"{amount_text(verdict, verdict.interval.low)} to "
        f"{amount_text(verdict, verdict.interval.high)} at "
        f"{confidence_text(verdict.interval.confidence)}"
    )
    needed = verdict.samples_needed
    enough = "no number of" if needed is None else f"about {needed:,}"
    return (
        f"{value} ({interval}) leaves {_side(verdict)} {limit_text(verdict)} undecided: {enough} "
        f"{'runs' if verdict.name in LATENCIES else 'samples'} would decide it"
    )


def _evidence(verdict: Verdict) -> str:
    return "runs" if verdict.name in LATENCIES else "values per sample"


def _side(verdict: Verdict) -> str:
    return "at least" if verdict.rule == "min" else "at most"


def _subject(verdict: Verdict) -> str:
    return f"{verdict.name}{_NOUNS[verdict.rule]}"


def _value_text(verdict: Verdict, value: float) -> str:
    text = amount_text(verdict, value)
    if verdict.bound is None or verdict.confidence is None:
        return text
    bound = amount_text(verdict, verdict.bound)
    return f"{text}, {reach_text(verdict)} {bound} at {confidence_text(verdict.confidence)},"


def _with_unit(verdict: Verdict, number: str) -> str:
    if verdict.rule == "max_drop_percent":
        return f"{number} %"
    figure = FIGURES.get(verdict.kind)
    if verdict.rule == "max_ratio" or figure is None:
        return number
    return f"{number} {figure.unit}".rstrip()


def _decimals(value: float, places: int) -> str:
    """Fixed places; more where they would turn a small value into zero."""
    if 0 < abs(value) < 0.5 * 10.0**-places:
        return _significant(value, 1)
    return f"{value:.{places}f}"


def _plain(value: float, digits: int = 10) -> str:
    """So many significant digits at most; an exponent only where zeros would have to be counted."""
    if value and not LEAST_PLAIN <= abs(value) < MOST_PLAIN:
        return f"{value:.{digits}g}"
    text = _significant(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _significant(value: float, digits: int) -> str:
    """So many significant digits, never an exponent, and every digit before the point."""
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    return f"{value:,.{max(0, digits - 1 - magnitude)}f}"
