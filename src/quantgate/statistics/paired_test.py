"""The exact test of a difference of two proportions, whose p-value falls as the difference grows.

The hypothesis is that the mean difference is `difference` or more. Tables of outcomes are ordered
by the score statistic at the difference, so that their order changes with it. Greater differences
are therefore tested, too. They are tested in cells, each at its least difference, with all tables
that are at least as good as the observed one at either end of the cell. The p-value is the greatest
of these probabilities over all rates of gains within their own bounds, whose error is added.

Sources:
    Hsueh, H., Liu, J. and Chen, J. (2001), Unconditional exact tests for equivalence or
        noninferiority for paired binary endpoints. Biometrics 57, 478-483.
    Berger, R. and Boos, D. (1994), P values maximized over a confidence set for the nuisance
        parameter. Journal of the American Statistical Association 89, 1012-1016.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from quantgate.statistics import proportions, score_statistic
from quantgate.statistics.roots import falling_root
from quantgate.statistics.samples import Samples
from quantgate.statistics.score_statistic import Counts, most_lost

#: The error of each bound of the rate of gains, and that of all bounds and of unlikely counts.
RATE_ERROR, ADDED_ERROR = 1e-9, 1e-8
#: The distance of the rates that are examined, in standard deviations of the number of gains. It
#: is closer for fewer pairs than these, of which hardly any may be left that both get right.
STEP, FULL = 0.5, 1_000
#: The width of a cell in standard errors without a hypothesis.
WIDTH = 0.12
#: The number of cells that are computed at once.
CELLS = 3
#: Beyond a cell whose chance is this part of the greatest so far, no cell has a greater one.
PART = 0.25
#: A greater chance passes no test, and counts as 1.
LIKELY = 0.5
#: The distance of the greatest difference that is examined from 1.
NEAREST = 1e-12
#: The precision of a bound, as a part of its distance from the mean.
PRECISION = 4e-3


@dataclass(frozen=True)
class PairedTest:
    """The test of one table of pairs.

    Attributes:
        lost: the pairs that only the first model gets right.
        won: the pairs that only the second gets right.
        total: all pairs, one at least.
    """

    lost: int
    won: int
    total: int
    _known: dict[int, float] = field(default_factory=dict, compare=False)

    def p_value(self, difference: float) -> float:
        """Return the p-value of "the mean difference is `difference` or more", above the mean."""
        if difference >= 1:
            return 0.0
        cell = self._cell_of(difference)
        own = self._chance(difference, self._edge(cell + 1))
        p = own if own > LIKELY else max(own, self._beyond(cell + 1, own))
        return p + ADDED_ERROR if p <= LIKELY else 1.0

    def upper_bound(self, level: float, guess: float) -> float:
        """Return the least difference, but for its precision, whose p-value is at most `level`."""
        level -= ADDED_ERROR
        if level <= 0 or self.mean >= 1:
            return 1.0
        cell = self._first_below(level, self._cell_of(guess))
        near, far = max(self._edge(cell - 1), self.mean), self._edge(cell)

        def excess(difference: float) -> float:
            chance = self._chance(difference, far) if difference < far else self._beyond(cell, 0)
            return math.log(max(chance, score_statistic.TINY)) - math.log(level)

        return falling_root(excess, near, far, PRECISION * (far - self.mean))

    @property
    def mean(self) -> float:
        """The mean difference."""
        return (self.lost - self.won) / self.total

    def _first_below(self, level: float, cell: int) -> int:
        """Return the first cell from which on all chances are at most `level`."""
        while self._beyond(cell, 0.0) > level:
            cell += 1
        while cell > 0 and self._beyond(cell - 1, 0.0) <= level:
            cell -= 1
        return cell

    def _beyond(self, cell: int, own: float) -> float:
        """Return the greatest chance of a cell and all beyond it, if that exceeds `own`."""
        greatest = own
        while (chance := self._of_cell(cell)) > PART * greatest:
            greatest = max(greatest, chance)
            cell += 1
        return greatest

    def _of_cell(self, cell: int) -> float:
        if self._edge(cell) >= 1:
            return 0.0
        if cell not in self._known:
            first = cell - cell % CELLS
            cells = range(first, first + CELLS)
            chances = self._chances([*map(self._edge, cells), self._edge(first + CELLS)])
            self._known.update(zip(cells, chances, strict=True))
        return self._known[cell]

    def _cell_of(self, difference: float) -> int:
        cell = max(0, int((difference - self.mean) / self._width))
        # The edges are those of `_edge` to the last digit.
        return cell + (self._edge(cell + 1) <= difference) - (self._edge(cell) > difference)

    def _edge(self, cell: int) -> float:
        return min(1.0, self.mean + cell * self._width)

    @cached_property
    def _width(self) -> float:
        return WIDTH * math.sqrt(self.lost + self.won + 1) / self.total

    def _chance(self, near: float, far: float) -> float:
        return self._chances([near, far])[0]

    def _chances(self, edges: Sequence[float]) -> list[float]:
        """Return the greatest chance between each two of some differences."""
        differences = np.minimum(np.array(edges), 1 - NEAREST)
        allowed = self._allowed(differences)
        nearest = differences[:-1, np.newaxis]
        rates = np.clip(self._rates, np.maximum(0.0, -nearest), (1 - nearest) / 2)
        chances = score_statistic.chances(
            np.maximum(allowed[:-1], allowed[1:]), self._gains, self.total, nearest, rates
        )
        return [float(each) for each in np.max(chances, axis=1)]

    def _allowed(self, differences: Samples) -> Counts:
        """Return the most losses of a table at least as good, [differences, numbers of gains]."""
        value = score_statistic.statistic(self.lost, self.won, self.total, differences)
        low, high = self._gains
        won = np.arange(low, high + 1)
        each = np.repeat(value, len(won)), self.total, np.repeat(differences, len(won))
        return most_lost(np.tile(won, len(differences)), *each).reshape(-1, len(won))

    @cached_property
    def _rates(self) -> Samples:
        """The rates of gains that are examined."""
        low, high = (math.sqrt(self.total * end) for end in self._rate_ends())
        step = STEP / 2 * min(1.0, math.sqrt(self.total / FULL))
        return np.asarray(np.linspace(low, high, 2 + int((high - low) / step)) ** 2 / self.total)

    def _rate_ends(self) -> tuple[float, float]:
        """Return Clopper and Pearson's bounds of the rate of gains."""
        most = proportions.upper_bound(self.won, self.total, 1 - RATE_ERROR)
        others = self.total - self.won
        return 1 - proportions.upper_bound(others, self.total, 1 - RATE_ERROR), most

    @cached_property
    def _gains(self) -> tuple[int, int]:
        """The least and the greatest number of gains that is likely at any of the rates."""
        least, most = (self.total * float(self._rates[end]) for end in (0, -1))
        reach = score_statistic.DEVIATIONS
        low = math.floor(max(0.0, least - reach * math.sqrt(least)))
        high = math.ceil(most + reach * math.sqrt(most) + score_statistic.BEYOND)
        return low, min(high, self.total)
