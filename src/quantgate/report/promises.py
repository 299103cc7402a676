"""What LiteRT's guide promises of a mode, and what was measured of it.

Source: LiteRT, Post-training quantization, the table of optimization methods; for 16x8, which that
table leaves out, Post-training integer quantization with int16 activations, Overview.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from quantgate.domain.figures import MEDIAN, SIZE
from quantgate.records.decision import Decision, Entry
from quantgate.report.text import NOTHING, one_line


@dataclass(frozen=True)
class Promise:
    """How many times smaller and faster, in the guide's words and as the least number of these."""

    size: str
    times_smaller: float
    speed: str
    times_faster: float | None


_INTEGER = Promise("4x smaller", 4, "3x+ speedup", 3)
_WIDE = Promise("almost 3-4x smaller", 3, NOTHING, None)
PROMISES: Mapping[str, Promise] = MappingProxyType(
    {
        "dynamic_range": Promise("4x smaller", 4, "2x-3x speedup", 2),
        "full_integer": _INTEGER,
        "integer_only_int8": _INTEGER,
        "integer_only_uint8": _INTEGER,
        "float16": Promise("2x smaller", 2, "GPU acceleration", None),
        "int16x8": _WIDE,
        "int16x8_float_fallback": _WIDE,
    }
)


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
        promise = PROMISES.get(entry.mode)
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
