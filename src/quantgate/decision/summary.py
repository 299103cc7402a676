"""The decision in one sentence."""

from collections.abc import Mapping, Sequence

from quantgate.domain.figures import FIGURES, SIZE, is_likeness, is_slice
from quantgate.domain.warnings import Warned
from quantgate.records.decision import Closest
from quantgate.records.entries import Entry
from quantgate.wording.figures import change_text, ratio_text, readable_text, short_name

#: The number of figures beside the size. The table has all.
MOST_TOLD = 4


def summarize(
    baseline: Entry,
    candidates: Sequence[Entry],
    winner: str | None,
    closest: Closest | None,
    named: Sequence[str],
    metrics: Mapping[str, str],
    refusal: str | None = None,
    baseline_clause: str = "",
) -> str:
    """Say which candidate wins and with which figures, or that none does and which came closest.

    Args:
        baseline: the baseline, for comparison.
        candidates: all candidates.
        winner: the winner's name.
        closest: the candidate that came closest if none won.
        named: the figures that the spec's objectives and limits name, the most important first.
            Other metrics follow as far as there is room.
        metrics: the metric by the name of its figure.
        refusal: the reason why no candidate could win.
        baseline_clause: the fate of the baseline, if it is kept when no candidate wins.
    """
    if winner:
        entry = next(entry for entry in candidates if entry.name == winner)
        told = ", ".join(_highlights(entry, baseline, named, metrics))
        return f"{winner} wins: {told}{_extent(entry)}"
    return (
        f"no candidate qualifies{baseline_clause}: {refusal or _nearest(closest, len(candidates))}"
    )


def doubtful_summary(doubts: Sequence[Warned], summary: str | None) -> str:
    """Say first that a run is doubtful.

    Args:
        doubts: the warnings that make it doubtful.
        summary: the outcome if the spec allows the doubts, or None.
    """
    if summary is not None:
        return f"doubtful, which the spec allows. Even so, {summary}"
    others = len(doubts) - 1
    more = f" (and {others} more doubt{'s' if others > 1 else ''})" if others else ""
    return f"doubtful, so no candidate qualifies: {doubts[0].message}{more}"


def _nearest(closest: Closest | None, tried: int) -> str:
    if not closest:
        none = (
            "the only candidate could not"
            if tried == 1
            else f"none of the {tried} candidates could"
        )
        return f"{none} be measured"
    others = len(closest.missed) - 1
    more = f" (and {others} more)" if others else ""
    return f"{closest.name} comes closest, but {closest.missed[0]}{more}"


def _extent(entry: Entry) -> str:
    if not entry.steps or not entry.steps.stopped:
        return ""
    return f", with accuracy on {entry.steps.taken:,} of {entry.steps.available:,} samples"


def _highlights(
    entry: Entry, baseline: Entry, named: Sequence[str], metrics: Mapping[str, str]
) -> list[str]:
    others = [name for name in (*named, *metrics) if name != SIZE.name and not is_slice(name)]
    measured = [name for name in dict.fromkeys(others) if name in entry.measurements]
    order = list(dict.fromkeys((*metrics, *FIGURES, *measured)))
    told = sorted(measured[:MOST_TOLD], key=order.index)
    texts = [
        _compared(
            name,
            entry.measurements[name],
            entry.reference.get(name, baseline.measurements.get(name)),
            metrics.get(name),
        )
        for name in (SIZE.name, *told)
        if name in entry.measurements
    ]
    more = len(measured) - len(told)
    return [*texts, *([f"and {more} more figure{'s' if more > 1 else ''}"] if more else [])]


def _compared(name: str, value: float, reference: float | None, metric: str | None) -> str:
    label = "" if name == SIZE.name else f"{short_name(name)} "
    text = f"{label}{readable_text(metric or name, value)}"
    if not reference or is_likeness(metric):
        return text
    if metric:
        return f"{text} ({change_text(metric, value - reference)})"
    return f"{text} ({ratio_text(value / reference)} of the baseline)"
