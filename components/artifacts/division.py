"""The place of a shard among all shards of a data set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quantgate.domain.sharding import needed_shards
from quantgate.errors import InputError


@dataclass(frozen=True)
class Division:
    """The place of a shard among all shards.

    Attributes:
        number: its number, from 1.
        count: the number of all shards.
        enough: the number of samples that are worth a shard. With fewer than that for each, only
            the first shards have samples.
    """

    number: int
    count: int
    enough: float = 0.0

    @classmethod
    def of_item(cls, item: Mapping[str, Any], sample_s: float | None = None) -> "Division":
        """Return the place that an item of a loop over shards states.

        Args:
            item: `shard`, `of`, and the seconds that are worth a shard, if time decides.
            sample_s: seconds that a sample takes. None if it is not known.

        Raises:
            InputError: there is no such shard.
        """
        number, count = int(item["shard"]), int(item["of"])
        if not 1 <= number <= count:
            raise InputError(f"shard {number} of {count} does not exist")
        least_s = float(item.get("least_s", 0.0))
        return cls(number, count, least_s / sample_s if sample_s else 0.0)

    def rows(self, samples: int) -> range:
        """Return the rows of the shard. Those of all shards are all samples, once each."""
        used = needed_shards(samples, self.enough, self.count) if self.enough else self.count
        if self.number > used:
            return range(samples, samples)
        return range(samples * (self.number - 1) // used, samples * self.number // used)
