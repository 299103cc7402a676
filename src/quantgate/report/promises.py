"""Size and speed that LiteRT's guide promises for each mode, compared with the measurements."""

from collections.abc import Iterator
from dataclasses import dataclass

from quantgate.domain.figures import MEDIAN, SIZE
from quantgate.domain.method import Promise
from quantgate.domain.modes import MODES
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.report.identical import identical, names_text
from quantgate.report.text import NOTHING


@dataclass(frozen=True)
class Kept:
    """A candidate's measurements and the promise for its mode.

    Attributes:
        name: names of the candidates, which are identical.
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
    """Return the comparison for each row of candidates with a size, in the decision's order."""
    return list(_kept(decision))


def _kept(decision: Decision) -> Iterator[Kept]:
    for entry, name, promise in _promised(decision):
        smaller = times_better(SIZE.name, decision.baseline, entry)
        if smaller is None:
            continue
        faster = times_better(MEDIAN.name, decision.baseline, entry)
        yield Kept(
            name=name,
            promise=promise,
            size=f"{smaller:.2f}x",
            smaller=smaller >= promise.times_smaller,
            speed=NOTHING if faster is None else f"{faster:.2f}x",
            faster=None
            if faster is None or promise.times_faster is None
            else faster >= promise.times_faster,
        )


def _promised(decision: Decision) -> Iterator[tuple[Entry, str, Promise]]:
    """Yield the first candidate, all names and the promise of identical ones with one promise."""
    for group in identical(decision):
        named: dict[Promise, list[Entry]] = {}
        for entry in group:
            if entry.mode in MODES and (promise := MODES[entry.mode].promise):
                named.setdefault(promise, []).append(entry)
        yield from ((same[0], names_text(same), promise) for promise, same in named.items())


def times_better(figure: str, baseline: Entry, entry: Entry) -> float | None:
    """Return `baseline / candidate` of a metric, None if one of them is missing or 0."""
    own, reference = entry.measurements.get(figure), baseline.measurements.get(figure)
    return reference / own if own and reference else None
