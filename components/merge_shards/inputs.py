"""The inputs of a merge."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class MergeInputs:
    """The inputs of a merge.

    Attributes:
        shards: the folders that `evaluate_shard` wrote for one model, in any order.
        count: the number of all shards.
        facts: path of `ModelFacts` of the float model.
        code: path of the user's Python file, or a folder with it. None without one.
        reference: folder of the baseline's measurement, if the evaluation may stop early. The
            shards are then those of one round.
        earlier: folder of the merged rounds before that one. None for the first.
    """

    shards: Sequence[str]
    count: int
    facts: str
    code: str | None = None
    reference: str | None = None
    earlier: str | None = None
