"""The edits that recovery tries, in the order of their cost."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from quantgate.components.recover.clipping import LEAST_SQUARES, PERCENTILE
from quantgate.components.recover.judging import Score
from quantgate.components.recover.layers import COUNTS
from quantgate.components.recover.workshop import Edits, Made, Workshop
from quantgate.domain.recovery import (
    BIASES,
    EQUALIZE,
    LAYERS,
    LEAST_GAIN_DB,
    LEAST_GAIN_OF_LAYERS_DB,
    RANGES,
)


@dataclass(frozen=True)
class Step:
    """An edit to try.

    Attributes:
        technique: its name.
        edit: the edit in words. `{place}` stands for "in float" or "in 16 bits".
        change: makes the edits from those kept so far.
        obstacle: returns why the edit cannot be tried, or an empty text.
    """

    technique: str
    edit: str
    change: Callable[["Progress"], Edits]
    obstacle: Callable[["Progress"], str]

    @property
    def least_gain(self) -> float:
        """The decibels that the edit has to gain."""
        return LEAST_GAIN_OF_LAYERS_DB if self.technique == LAYERS else LEAST_GAIN_DB


@dataclass
class Progress:
    """A search in progress.

    Attributes:
        workshop: makes candidates.
        plain: the candidate without edits.
        best: the best one so far.
        score: its score.
        order: the ops to leave out, the worst first, once they are ranked.
    """

    workshop: Workshop
    plain: Made
    best: Made
    score: Score
    order: list[str] | None = None

    def worst(self, count: int) -> tuple[str, ...]:
        """Return the ops that lose most."""
        if self.order is None:
            self.order = self.workshop.ranking(self.best)
        return tuple(self.order[:count])


def _none(progress: Progress) -> str:
    return ""


def _without_biases(progress: Progress) -> str:
    return "" if progress.workshop.has_biases else "no layer has a bias"


def _without_pairs(progress: Progress) -> str:
    if progress.workshop.has_pairs:
        return ""
    return "no two layers have only RELU, RELU6, padding, pooling or nothing between them"


def _without_ops(count: int) -> Callable[[Progress], str]:
    def obstacle(progress: Progress) -> str:
        if progress.workshop.ops == 1:
            return "the model has one op, and nothing would be quantized without it"
        if count > 1 and 2 * count > progress.workshop.ops:
            return f"{count} ops are more than half of the model"
        if len(progress.worst(count)) == count:
            return ""
        ops = "no op adds" if count == 1 else f"fewer than {count} ops add"
        return f"{ops} an error and can be left out"

    return obstacle


def _clipping(method: str) -> Callable[[Progress], Edits]:
    return lambda progress: replace(progress.best.edits, clipping=method)


def _left(count: int) -> Callable[[Progress], Edits]:
    return lambda progress: replace(progress.best.edits, left=progress.worst(count))


def _layers() -> Iterator[Step]:
    for count in COUNTS:
        title = "the op with the largest error" if count == 1 else f"the {count} worst ops"
        yield Step(LAYERS, f"{title} left {{place}}", _left(count), _without_ops(count))


#: In the order of their cost.
STEPS: Sequence[Step] = (
    Step(RANGES, "ranges of 99.99 % of the values", _clipping(PERCENTILE), _none),
    Step(RANGES, "ranges of the least squared error", _clipping(LEAST_SQUARES), _none),
    Step(
        BIASES,
        "biases corrected by the error of the weights",
        lambda progress: replace(progress.best.edits, analytic=True),
        _without_biases,
    ),
    Step(
        EQUALIZE,
        "channels rescaled between layers",
        lambda progress: replace(progress.best.edits, equalized=True),
        _without_pairs,
    ),
    Step(
        BIASES,
        "biases corrected layer by layer",
        lambda progress: replace(progress.best.edits, sequential=True),
        _without_biases,
    ),
    *_layers(),
)
