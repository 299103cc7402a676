"""The looks of an evaluation that may stop early, on one machine and in shards."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import chunk_bounds
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.ranges import outside_range
from quantgate.components.evaluate.run import Part, Scores, Subject, score_all
from quantgate.components.evaluate.runner import Runner, SampleFailure
from quantgate.components.evaluate.summing import summed_up
from quantgate.components.litert.binding import ModelFailure
from quantgate.decision.early_stopping import Contest
from quantgate.errors import InputError
from quantgate.records.outcomes import VerdictOutcome

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Taken:
    """The scores of the samples that were taken so far.

    Attributes:
        rows: the indices of the samples, ascending.
        finite: bool [taken], whether all outputs of a sample are finite.
        values: [taken] by title of the metric. Without meaning if an output is not finite.
        refusal: XNNPACK's reason for refusing the model.
    """

    rows: Rows
    finite: NDArray[np.bool_]
    values: Mapping[str, NDArray[Any]]
    refusal: str | None

    @property
    def part(self) -> Part:
        """The scores in the form of a shard."""
        return Part(dict(self.values), self.rows[~self.finite], self.refusal)

    def is_over(self, plans: Sequence[Plan], contest: Contest) -> bool:
        """Return whether the evaluation may stop after these samples."""
        if not self.finite.all():
            return True
        if any(len(outside_range(plan, self.values[plan.title])) for plan in plans):
            return True
        return contest.steps(self.values, self.rows).outcome != VerdictOutcome.UNDECIDED

    def summed_up(self, subject: Subject, contest: Contest) -> Scores | InputError | ModelFailure:
        """Return the scores of an evaluation that stops after these samples."""
        scores = summed_up(subject, [(0, self.part)], self.rows)
        if not isinstance(scores, Scores) or not self.finite.all():
            return scores
        steps = contest.steps(self.values, self.rows)
        return replace(scores, steps=steps, covered=self.rows if steps.stopped else None)


def scored_in_chunks(subject: Subject, runner: Runner, rows: Rows) -> Iterator[tuple[Rows, Part]]:
    """Run a model on some samples, and yield the scores of each chunk with its samples.

    Raises:
        ModelFailure: the model failed on a sample, or a metric failed on the outputs.
    """
    for first, last in chunk_bounds(len(rows), runner.length):
        chosen = rows[first:last]
        samples = subject.dataset.at(chosen)
        try:
            yield chosen, score_all(runner, None, samples, subject.plans, range(len(chosen)))
        except SampleFailure as failure:
            raise SampleFailure(int(chosen[failure.sample]), failure.why) from failure


def looks_by_round(looks: Sequence[int], rounds: int) -> list[list[int]]:
    """Divide looks into rounds, which all multiply the samples taken by about the same number.

    A round may have no looks.
    """
    growth = (looks[-1] / looks[0]) ** (1 / rounds)
    inner = [bisect_right(looks, looks[0] * growth**number) for number in range(1, rounds)]
    bounds = [0, *inner, len(looks)]
    return [list(looks[start:stop]) for start, stop in pairwise(bounds)]
