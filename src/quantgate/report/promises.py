"""What LiteRT's guide promises of a mode, and what was measured of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from quantgate.domain.figures import MEDIAN, SIZE
from quantgate.domain.modes import MODES, Promise
from quantgate.records.decision import Decision, Entry
from quantgate.report.text import NOTHING, one_line


@dataclass(frozen=True)
class Kept:
    """A promise and what was measured; `smaller` and `faster` say whether it was kept, if known."""

    name: str
    promise: Promise
    size: str
    smaller: bool | None
    speed: str
    faster: bool | None


def promises(decision: Decision) -> list[Kept]:
    """One for each candidate that has a size, in the decision's order."""
    return list(_kept(decision))


def _kept(decision: Decision) -> Iterator[Kept]:
    for entry in decision.candidates:
        promise = MODES[entry.mode].promise if entry.mode in MODES else None
        smaller = _times(SIZE.name, decision.baseline, entry)
        if promise is None or smaller is None:
            continue
        faster = _times(MEDIAN.name, decision.baseline, entry)
        yield Kept(
            name=one_line(entry.name),
            promise=promise,
            size=f"{smaller:.2f}x",
            smaller=smaller >= promise.times_smaller,
            speed=NOTHING if faster is None else f"{faster:.2f}x",
            faster=None
            if faster is None or promise.times_faster is None
            else faster >= promise.times_faster,
        )


def _times(figure: str, baseline: Entry, entry: Entry) -> float | None:
    """How many times a figure went into the baseline's."""
    own, whole = entry.measurements.get(figure), baseline.measurements.get(figure)
    return whole / own if own and whole else None
