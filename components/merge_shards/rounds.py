"""The rounds of shards of an evaluation that may stop early."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.artifacts.shard import (
    NOT_FINITE,
    ROWS,
    ShardArrays,
    ShardFolder,
    read_shard,
    write_shard,
)
from quantgate.components.evaluate.looks import Taken
from quantgate.components.evaluate.run import Subject
from quantgate.components.evaluate.scoring import SubjectOutcome
from quantgate.components.evaluate.summing import summed_up
from quantgate.components.merge_shards.consistency import check_round
from quantgate.components.merge_shards.failures import failure_of
from quantgate.decision.early_stopping import Contest
from quantgate.errors import InputError
from quantgate.records.datasets import Manifest
from quantgate.records.shards import ScoredRows

#: The folder with all samples so far, in that of a measurement which is not decided yet.
TAKEN = "taken"
Array = NDArray[Any]


@dataclass(frozen=True)
class Rounds:
    """All rounds of shards so far.

    Attributes:
        signature: the key of the signature.
        before: the merged rounds before the last one, None if there are none.
        shards: the shards of the last round by their number.
    """

    signature: str
    before: ShardFolder | None
    shards: Sequence[ShardFolder]

    @classmethod
    def read(cls, signature: str, earlier: str | None, shards: Sequence[ShardFolder]) -> "Rounds":
        """Read the merged rounds before the last one.

        Raises:
            InputError: the last round does not follow them.
        """
        before = read_shard(Path(earlier) / TAKEN) if earlier else None
        check_round(
            [shard.record for shard in shards], before.record if before else None, signature
        )
        return cls(signature, before, shards)

    @property
    def manifest(self) -> Manifest:
        """The manifest of all samples."""
        return self.shards[0].manifest(self.signature)

    @cached_property
    def arrays(self) -> ShardArrays:
        """The scores and labels of all samples so far, by ascending index."""
        return _joined([shard.arrays(self.signature) for shard in self._scored])

    @property
    def dataset(self) -> DatasetFolder:
        """A data set without inputs, with the labels of the samples so far."""
        manifest, arrays = self.manifest, self.arrays
        rows = _filled(arrays.rows)
        is_whole = len(rows) == manifest.samples
        return DatasetFolder(
            manifest,
            {},
            None if arrays.label is None else _spread(arrays.label, rows, manifest.samples),
            {key: _spread(each, rows, manifest.samples) for key, each in arrays.fields.items()},
            arrays.distinct if is_whole else None,
        )

    def outcome(self, subject: Subject, contest: Contest | None) -> SubjectOutcome | None:
        """Return the scores at the look that decides, or the failure. None before either.

        The looks are those of one machine, in their order. Samples after the look that decides do
        not count, although they were run.

        Args:
            subject: the labels and metrics.
            contest: decides whether to stop early. None to run all samples.

        Raises:
            InputError: a sample is missing or appears twice.
        """
        stop = min(rows.stop for rows in self._last)
        for look in np.unique(_filled(self.arrays.looks)):
            if self._start < look <= stop:
                taken = self._taken(int(look), exactly=contest is None)
                is_last = look == self.manifest.samples
                if contest and (is_last or taken.is_over(subject.plans, contest)):
                    return taken.summed_up(subject, contest)
                if is_last:
                    return summed_up(subject, [(0, taken.part)])
        ended = [shard.record for shard in self.shards if self._of(shard).stop == stop]
        return failure_of(self.signature, ended)

    def write(self, folder: str) -> None:
        """Write all samples so far, for the next round."""
        stop = max(rows.stop for rows in self._last)
        record = self.shards[0].record.model_copy(
            update={
                "number": 1,
                "count": 1,
                "rows": {self.signature: ScoredRows(start=0, stop=stop, refusal=self._refusal)},
            }
        )
        manifests, arrays = {self.signature: self.manifest}, {self.signature: self.arrays}
        write_shard(f"{folder}/{TAKEN}", record, manifests, arrays)

    @property
    def _scored(self) -> list[ShardFolder]:
        return [each for each in (self.before, *self.shards) if each and self._has(each)]

    @property
    def _last(self) -> list[ScoredRows]:
        return [self._of(shard) for shard in self.shards]

    @property
    def _start(self) -> int:
        return self._of(self.before).stop if self.before else 0

    @property
    def _refusal(self) -> str | None:
        return next((r for each in self._scored if (r := self._of(each).refusal)), None)

    def _has(self, shard: ShardFolder) -> bool:
        return self.signature in shard.record.rows

    def _of(self, shard: ShardFolder) -> ScoredRows:
        return shard.record.rows[self.signature]

    def _taken(self, look: int, *, exactly: bool) -> Taken:
        """Return the samples of a look, with values in float64 unless `exactly` is true."""
        arrays, rows = self.arrays, _filled(self.arrays.rows)
        chosen = np.flatnonzero(_filled(arrays.looks) <= look)
        if len(np.unique(rows[chosen])) != look or len(chosen) != look:
            raise InputError(
                f"the shards have {len(chosen)} of the first {look} samples. Run the evaluation "
                "again"
            )
        values = {title: each[chosen] for title, each in arrays.kept.items()}
        if not exactly:
            values = {title: each.astype(np.float64) for title, each in values.items()}
        finite = ~np.isin(rows[chosen], arrays.not_finite)
        return Taken(rows[chosen], finite, values, self._refusal)


def _filled(numbers: NDArray[np.int64] | None) -> NDArray[np.int64]:
    return np.zeros(0, np.int64) if numbers is None else numbers


def _spread(values: Array, rows: NDArray[np.int64], samples: int) -> Array:
    """Return values [samples, ...] at their places among all samples, zeros at all others."""
    spread = np.zeros((samples, *values.shape[1:]), values.dtype)
    spread[rows] = values
    return spread


def _joined(parts: Sequence[ShardArrays]) -> ShardArrays:
    """Return the arrays of several shards as one, by ascending index."""
    if not parts:
        return ShardArrays(np.zeros(0, np.int64))
    # A shard without samples does not know the types of the values.
    filled = [part.by_name() for part in parts if len(_filled(part.rows))] or [parts[0].by_name()]
    whole = {name: np.concatenate([part[name] for part in filled]) for name in filled[0]}
    not_finite = {NOT_FINITE: whole.pop(NOT_FINITE)}
    order = np.argsort(whole[ROWS], kind="stable")
    return ShardArrays.named({**not_finite, **{name: whole[name][order] for name in whole}})
