"""Figures in words. Decisions, errors and reports share one wording."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from quantgate.domain.figure import Figure
from quantgate.domain.figures import ALLOCATED, FIGURES, LATENCIES, LOAD, MEMORY, SIZE
from quantgate.domain.targets import TARGET_OF
from quantgate.records.tasks import Conditions, Interval

#: Smaller and greater numbers are written with an exponent.
LEAST_PLAIN, MOST_PLAIN = 1e-6, 1e15
KIB, MIB = 1024, 1024**2
_SHORT_NAMES: Mapping[str, str] = MappingProxyType(
    {SIZE.name: "size", LOAD.name: "load", MEMORY.name: "memory", ALLOCATED.name: "allocated"}
    | {name: name.removeprefix("latency_").removesuffix("_ms") for name in LATENCIES}
    | {name: name.removesuffix("_bytes").removesuffix("_per_s") for name in TARGET_OF}
)


def short_name(figure: str) -> str:
    """Return the name of a figure for people: `size`, `top1`, `p95`."""
    return _SHORT_NAMES.get(figure, figure)


def number_text(name: str, value: float, digits: int = 4) -> str:
    """Return a figure without its unit: `30,496`, `0.8908`, `31.81`, `1.23`.

    `digits` are the significant ones of a figure with an unknown range, such as a loss.
    """
    figure = FIGURES.get(name, Figure(name, higher_is_better=True))
    if figure.unit in ("bytes", "cycles", "ops"):
        return f"{value:,.0f}"
    if figure.maximum == 1:
        return decimals_text(value, 4)
    if figure.unit == "dB":
        return decimals_text(value, 2)
    if figure.unit in ("ms", "per second"):
        return _significant(value, 3)
    return plain_text(value, digits)


def figure_text(name: str, value: float) -> str:
    """Return a figure with its unit: `30,496 bytes`, `0.8908`, `31.81 dB`, `1.23 ms`."""
    figure = FIGURES.get(name, Figure(name, higher_is_better=True))
    return f"{number_text(name, value)} {figure.unit}".rstrip()


def size_text(size_bytes: float) -> str:
    """Return a size in KiB, from 1 MiB on in MiB: `29.8 KiB`, `96.08 MiB`."""
    if size_bytes < MIB:
        return f"{size_bytes / KIB:,.1f} KiB"
    return f"{size_bytes / MIB:,.2f} MiB"


def readable_text(name: str, value: float) -> str:
    """Return a figure as `figure_text` does, but sizes of many bytes as `96.08 MiB`."""
    return size_text(value) if is_size(name) and value >= MIB else figure_text(name, value)


def is_size(name: str) -> bool:
    """Return whether a figure counts bytes."""
    return name in FIGURES and FIGURES[name].unit == "bytes"


def change_text(name: str, change: float) -> str:
    """Return a difference from the baseline, always with a sign: `+0.0016`."""
    return f"{'-' if change < 0 else '+'}{number_text(name, abs(change), digits=2)}"


def ratio_text(ratio: float) -> str:
    """Return a ratio to the baseline: `0.61`."""
    return decimals_text(ratio, 2)


def range_text(interval: Interval) -> str:
    """Return the interval of a ratio to the baseline: `0.58 to 0.64`."""
    return f"{ratio_text(interval.low)} to {ratio_text(interval.high)}"


def conditions_text(conditions: Conditions) -> str:
    """Return the state of the machine that models were timed on."""
    return (
        f"{conditions.cores} cores, governor {conditions.governor}, load {conditions.load:.2f} "
        f"before, {100 * conditions.others:.0f} % of the cores' time taken by others and "
        f"{100 * conditions.stolen:.0f} % by the hypervisor, {conditions.preempted:,} of "
        f"{conditions.invocations:,} invocations interrupted"
    )


def confidence_text(confidence: float) -> str:
    """Return a confidence: `95 % confidence`."""
    return f"{100 * confidence:.10g} % confidence"


def tolerance_text(within: str | float | Mapping[str, float]) -> str:
    """Return a tolerance: `5%`, `0.01`, `sampling noise at 95 % confidence`."""
    if isinstance(within, str):
        return within
    if isinstance(within, Mapping):
        return f"sampling noise at {confidence_text(within['confidence'])}"
    return plain_text(within)


def decimals_text(value: float, places: int) -> str:
    """Return a number with fixed places, or more if they would turn a small value into zero."""
    if 0 < abs(value) < 0.5 * 10.0**-places:
        return _significant(value, 1)
    return f"{value:.{places}f}"


def plain_text(value: float, digits: int = 10) -> str:
    """Return a number with at most so many significant digits.

    It has an exponent only if zeros would have to be counted otherwise.
    """
    if value and not LEAST_PLAIN <= abs(value) < MOST_PLAIN:
        return f"{value:.{digits}g}"
    text = _significant(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _significant(value: float, digits: int) -> str:
    """Return a number with so many significant digits and every digit before the point."""
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    return f"{value:,.{max(0, digits - 1 - magnitude)}f}"
