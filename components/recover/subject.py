"""The candidate that recovery is to improve, and the samples that it uses."""

import math
from dataclasses import dataclass

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.litert.flatbuffer import Content
from quantgate.components.quantizer.request import Request
from quantgate.components.recover.scoring import MetricJudge
from quantgate.components.recover.statistics import Statistics
from quantgate.domain.recovery import HELD_BACK_OF, MOST_HELD_BACK
from quantgate.records.calibration import Ranges
from quantgate.records.tasks import ModelFacts


@dataclass(frozen=True)
class Samples:
    """The calibration samples of a candidate.

    Attributes:
        dataset: folder of the calibration set.
        held_in: rows that statistics come from, by signature.
        held_back: rows that models are judged on, by signature. They have no rows if models are
            scored on other samples.
        scored: the number of those other samples.
    """

    dataset: str
    held_in: Rows
    held_back: Rows
    scored: int = 0

    @property
    def all(self) -> Rows:
        """The rows of all samples."""
        return {key: [*self.held_in[key], *self.held_back[key]] for key in self.held_in}

    @property
    def count(self) -> int:
        """The number of samples."""
        return count_of(self.held_in) + count_of(self.held_back)

    @property
    def per_run(self) -> int:
        """The number of samples that a budget of 1 runs."""
        return self.count + self.scored

    @property
    def compared(self) -> Rows:
        """The rows that a model is compared on: those held back, or all if none is."""
        return self.held_back if count_of(self.held_back) else self.all

    def first(self, most: int) -> Rows:
        """Return a few of the rows that are not held back."""
        return {key: rows[:most] for key, rows in self.held_in.items()}

    def few(self, most: int) -> Rows:
        """Return a few of the rows that are not held back, and no more than an eighth of them."""
        return {
            key: rows[: min(most, math.ceil(len(rows) / 8))] for key, rows in self.held_in.items()
        }


@dataclass(frozen=True)
class Subject:
    """A candidate with the float model and the statistics that it is made from.

    Attributes:
        content: of the normalized float model.
        facts: of the model.
        ranges: of its tensors.
        statistics: of its tensors.
        request: the recipe with its options.
        samples: the calibration samples.
        judge: scores models by a metric, None to judge them by their agreement.
    """

    content: Content
    facts: ModelFacts
    ranges: Ranges
    statistics: Statistics
    request: Request
    samples: Samples
    judge: MetricJudge | None = None


def split(dataset: str, rows: Rows, scored: int = 0) -> Samples:
    """Hold back every third sample of a signature up to a limit, or none if others are scored.

    Args:
        dataset: folder of the calibration set.
        rows: of the samples, by signature.
        scored: the number of other samples that models are scored on.
    """
    if scored:
        return Samples(dataset, rows, {key: [] for key in rows}, scored)
    held_back = {
        key: [*chosen[HELD_BACK_OF - 1 :: HELD_BACK_OF]][:MOST_HELD_BACK]
        for key, chosen in rows.items()
    }
    held_in = {
        key: [row for row in chosen if row not in held_back[key]] for key, chosen in rows.items()
    }
    return Samples(dataset, held_in, held_back)


def count_of(rows: Rows) -> int:
    """Return the number of rows of all signatures."""
    return sum(map(len, rows.values()))
