"""Size and speed that LiteRT's guide promises for each mode, compared with the measurements."""

from collections.abc import Iterator
from dataclasses import dataclass

from quantgate.domain.figures import MEDIAN, SIZE
from quantgate.domain.method import Promise
from quantgate.domain.modes import MODES
from quantgate.records.decision import Decision, Entry
from quantgate.report.text import NOTHING, one_line


@dataclass(frozen=True)
class Kept:
    """A candidate's measurements and the promise for its mode.

    Attributes:
        name: name of the candidate.
        promise: the promise.
        size: the measured factor of the size.
        smaller: whether the promised size is reached.
        speed: the measured factor of the speed.
        faster: whether the promised speed is reached, None if it is unknown.
    """

    name: str
    promise: Promise
    size: str
    smaller: bool | None
    speed: str
    faster: bool | None


def promises(decision: Decision) -> list[Kept]:
    """Return the comparison for each candidate with a size, in the decision's order."""
    return list(_kept(decision))


def _kept(decision: Decision) -> Iterator[Kept]:
    for entry in decision.candidates:
        promise = MODES[entry.mode].promise if entry.mode in MODES else None
        smaller = times_better(SIZE.name, decision.baseline, entry)
        if promise is None or smaller is None:
            continue
        faster = times_better(MEDIAN.name, decision.baseline, entry)
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


def times_better(figure: str, baseline: Entry, entry: Entry) -> float | None:
    """Return `baseline / candidate` of a metric, None if one of them is missing or 0."""
    own, reference = entry.measurements.get(figure), baseline.measurements.get(figure)
    return reference / own if own and reference else None
