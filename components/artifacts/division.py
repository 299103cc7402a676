"""The place of a shard among all shards of a data set, and among rounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.domain.sharding import needed_shards
from quantgate.errors import InputError
from quantgate.records.datasets import DatasetPart


@dataclass(frozen=True)
class Division:
    """The place of a shard among all shards.

    Attributes:
        number: its number, from 1.
        count: the number of all shards.
        enough: the number of samples that are worth a shard. With fewer than that for each, only
            the first shards have samples.
        round: the number of the round, from 1. 0 without rounds.
        rounds: the number of all rounds.
    """

    number: int
    count: int
    enough: float = 0.0
    round: int = 0
    rounds: int = 0

    @classmethod
    def of_item(cls, item: Mapping[str, Any], sample_s: float | None = None) -> "Division":
        """Return the place that an item of a loop over shards states.

        Args:
            item: `shard`, `of`, `round` and `rounds` if there are rounds, and the seconds that are
                worth a shard, if time decides.
            sample_s: seconds that a sample takes. None if it is not known.

        Raises:
            InputError: there is no such shard.
        """
        number, count = int(item["shard"]), int(item["of"])
        if not 1 <= number <= count:
            raise InputError(f"shard {number} of {count} does not exist")
        enough = float(item.get("least_s", 0.0)) / sample_s if sample_s else 0.0
        return cls(number, count, enough, int(item.get("round", 0)), int(item.get("rounds", 0)))

    def rows(self, samples: int, parts: Sequence[DatasetPart] = ()) -> range:
        """Return the rows of the shard. Those of all shards are all samples, once each.

        Args:
            samples: the number of all samples.
            parts: those of the data set. If they can be divided evenly, none is in two shards.
        """
        used = self._used(samples)
        if self.number > used:
            return range(samples, samples)
        if parts and len(parts) % used == 0:
            own = parts[self._share(len(parts), used)]
            return range(own[0].start, own[-1].stop)
        share = self._share(samples, used)
        return range(share.start, share.stop)

    def share(
        self, rows: NDArray[np.int64], of: int, present: range | None = None
    ) -> NDArray[np.int64]:
        """Return the shard's share of rows in any order, ascending.

        Args:
            rows: the samples up to a look.
            of: the number of samples in the round.
            present: the shard's rows of a data set in parts. They are its share, because other rows
                are absent.
        """
        if present is not None:
            return np.sort(rows[(rows >= present.start) & (rows < present.stop)])
        used = self._used(of)
        return np.sort(rows[self.number - 1 :: used]) if self.number <= used else rows[:0]

    def _share(self, count: int, used: int) -> slice:
        return slice(count * (self.number - 1) // used, count * self.number // used)

    def _used(self, samples: int) -> int:
        return needed_shards(samples, self.enough, self.count) if self.enough else self.count
