"""Simulate decisions at their limits, and print how often they are wrong: `make simulate`.

Each row draws samples whose truth sits exactly at the limit, decides on them through the functions
that a run uses, and counts false passes. It fails if an error exceeds the nominal one by more than
three standard errors. Power is the share of passes at half of the limit.
"""

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from quantgate.statistics.estimates import Estimate, Mean, PairedProportions, Proportion
from quantgate.statistics.families import correlations, step_down
from quantgate.statistics.paired_proportions import Pairs, score_bound

SEED = 20250114
DEVIATIONS = 3
Draw = Callable[[np.random.Generator], Estimate]


@dataclass(frozen=True)
class Row:
    """The result of a simulation.

    Attributes:
        name: its setting.
        nominal: the error that is promised.
        error: the share of false passes.
        runs: the number of simulated decisions.
        power: the share of passes of a candidate that is good, NaN if it was not simulated.
    """

    name: str
    nominal: float
    error: float
    runs: int
    power: float = math.nan

    @property
    def most(self) -> float:
        """The greatest error that chance explains."""
        spread = math.sqrt(self.nominal * (1 - self.nominal) / self.runs)
        return self.nominal + DEVIATIONS * spread

    @property
    def text(self) -> str:
        """The row for a terminal."""
        mark = "" if self.error <= self.most else "   EXCEEDS"
        power = "" if math.isnan(self.power) else f"   power {self.power:.3f}"
        return f"{self.name:<58} {self.error:.4f} of {self.nominal:.3f}{power}{mark}"


def differences(generator: np.random.Generator, count: int, lost: float, won: float) -> np.ndarray:
    """Return 1 for a loss, -1 for a gain, and 0 otherwise."""
    return generator.choice([1.0, -1.0, 0.0], count, p=[lost, won, 1 - lost - won])


def pairs_of(values: np.ndarray) -> Pairs:
    """Count losses and gains."""
    return Pairs(int((values > 0).sum()), int((values < 0).sum()), len(values))


def single(name: str, draw: Draw, good: Draw, limit: float, error: float, runs: int) -> Row:
    """Simulate one candidate at its limit, and one that is good."""
    generator = np.random.default_rng(SEED)
    wrong = sum(draw(generator).at_most(limit) <= error for _ in range(runs))
    passed = sum(good(generator).at_most(limit) <= error for _ in range(runs))
    return Row(name, error, wrong / runs, runs, passed / runs)


def paired_rows(runs: int) -> Iterator[Row]:
    """Simulate the paired test at a limit of 0.01."""
    for count in (163, 299, 900, 2_000):
        for error in (0.1, 0.05, 0.01):

            def drawn(lost: float, won: float, count: int = count) -> Draw:
                return lambda generator: PairedProportions(
                    pairs_of(differences(generator, count, lost, won))
                )

            name = f"right or wrong, pairs, n = {count}, loss 2 %, gain 1 %"
            yield single(name, drawn(0.02, 0.01), drawn(0.005, 0.005), 0.01, error, runs)
            name = f"right or wrong, pairs, n = {count}, loss 1 % only"
            yield single(name, drawn(0.01, 0.0), drawn(0.001, 0.001), 0.01, error, runs)


def proportion_rows(runs: int) -> Iterator[Row]:
    """Simulate Clopper and Pearson's bound of what a model gets wrong."""
    for count in (50, 300, 1_000):
        for error in (0.1, 0.05):

            def drawn(share: float, count: int = count) -> Draw:
                return lambda generator: Proportion(int(generator.binomial(count, share)), count)

            name = f"right or wrong, one model, n = {count}"
            yield single(name, drawn(0.1), drawn(0.05), 0.1, error, runs)


def mean_rows(runs: int) -> Iterator[Row]:
    """Simulate bounds of means without and with a range."""
    kinds: dict[str, tuple[float, Callable[[np.random.Generator, int], np.ndarray]]] = {
        "normal": (0.0, lambda generator, count: generator.normal(size=count)),
        "squared normal": (1.0, lambda generator, count: generator.normal(size=count) ** 2),
        "lognormal 0.5": (
            math.exp(0.125),
            lambda generator, count: generator.lognormal(sigma=0.5, size=count),
        ),
        "lognormal 1.5": (
            math.exp(1.125),
            lambda generator, count: generator.lognormal(sigma=1.5, size=count),
        ),
        "rare loss, with a range": (
            0.01,
            lambda generator, count: (generator.random(count) < 0.01).astype(float),
        ),
    }
    for kind, (truth, values) in kinds.items():
        edge = 1.0 if "range" in kind else math.inf
        for count in (50, 200, 1_000):
            spread = float(np.std(values(np.random.default_rng(1), 100_000)))
            shift = 3 * spread / math.sqrt(count)

            def drawn(
                better: float, count: int = count, values: Callable = values, edge: float = edge
            ) -> Draw:
                return lambda generator: Mean(
                    values(generator, count) - better, -math.inf, edge - better
                )

            name = f"mean, {kind}, n = {count}"
            yield single(name, drawn(0.0), drawn(shift), truth, 0.05, runs)


def family_rows(runs: int, sizes: tuple[int, ...] = (1, 2, 7, 20, 60)) -> Iterator[Row]:
    """Simulate candidates that all sit at a limit of 0.01, and share some of their errors."""
    for candidates in sizes:
        for common in (0.0, 0.5, 0.9):
            yield family_row(candidates, common, 1_000, runs)


def family_row(candidates: int, common: float, count: int, runs: int, error: float = 0.05) -> Row:
    """Simulate one family. `common` is the correlation of the candidates' differences."""
    generator, wrong, alone = np.random.default_rng(SEED), 0, 0
    for _ in range(runs):
        values = together(generator, candidates, count, common)
        ratios = [PairedProportions(pairs_of(each)).at_most(0.01) / error for each in values]
        tested = step_down(ratios, correlations({"top1": list(values)}), error)
        wrong += any(one.passed for one in tested)
        alone += any(ratio <= 1 for ratio in ratios)
    name = f"{candidates} candidates, r = {common}, n = {count} (by themselves {alone / runs:.3f})"
    return Row(name, error, wrong / runs, runs)


def together(
    generator: np.random.Generator, candidates: int, count: int, common: float
) -> np.ndarray:
    """Return correlated differences with a true loss at the limit, [candidates, samples]."""
    own = differences(generator, candidates * count, 0.02, 0.01).reshape(candidates, count)
    shared = differences(generator, count, 0.02, 0.01)
    return np.where(generator.random((candidates, count)) < math.sqrt(common), shared, own)


def former_rows(runs: int) -> Iterator[Row]:
    """Simulate Tango's bound, which was used before, for comparison."""
    for count in (163, 299, 900):
        generator = np.random.default_rng(SEED)
        drawn = (pairs_of(differences(generator, count, 0.01, 0.0)) for _ in range(runs))
        wrong = sum(score_bound(pairs, 0.9) <= 0.01 for pairs in drawn)
        yield Row(f"before: Tango's bound, n = {count}, loss 1 % only", 0.1, wrong / runs, runs)


def main() -> int:
    """Print all rows. Return 1 if an error exceeds what is promised."""
    from unit_rows import unit_rows

    runs = 1_000
    rows = (
        *paired_rows(runs),
        *proportion_rows(runs),
        *mean_rows(runs),
        *family_rows(300),
        *unit_rows(runs),
    )
    for row in rows:
        sys.stdout.write(f"{row.text}\n")
    for row in former_rows(runs):
        sys.stdout.write(f"{row.text}\n")
    return int(any(row.error > row.most for row in rows))


if __name__ == "__main__":
    sys.exit(main())
