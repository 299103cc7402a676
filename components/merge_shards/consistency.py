"""Check that shards belong together, and that each is there once."""

from collections import Counter
from collections.abc import Iterable, Sequence

from quantgate.components.artifacts.shard import ShardFolder
from quantgate.errors import InputError
from quantgate.records.shards import Shard

_AGAIN = "Run the evaluation again"
#: What all shards of an evaluation have in common.
_SHARED = {
    "model_sha256": "another model",
    "dataset_sha256": "other data",
    "metrics_sha256": "other metrics",
    "litert": "another version of LiteRT",
    "count": "another number of shards",
    "round": "another round",
}


def in_order(shards: Iterable[ShardFolder], count: int, metrics_sha256: str) -> list[ShardFolder]:
    """Return the shards of an evaluation by their number.

    Args:
        shards: in any order.
        count: the number of all shards.
        metrics_sha256: hash of the metrics.

    Those of a round have samples in random order, which `rounds` checks.

    Raises:
        InputError: there is none, one appears twice, or one belongs to another evaluation.
    """
    ordered = sorted(shards, key=lambda shard: shard.record.number)
    if not ordered:
        raise InputError(f"all {count} shards are missing. {_AGAIN}")
    first = ordered[0].record
    expected = first.model_copy(update={"count": count, "metrics_sha256": metrics_sha256})
    for shard in ordered:
        _check_shared(shard.record, expected)
    numbers = Counter(shard.record.number for shard in ordered)
    if twice := [number for number, times in numbers.items() if times > 1]:
        raise InputError(f"shard {twice[0]} of {count} appears twice. {_AGAIN}")
    if len(ordered) == count and not first.round:
        for signature in first.rows:
            _check_rows(ordered, signature)
    return ordered


def check_round(shards: Sequence[Shard], before: Shard | None, signature: str) -> None:
    """Check that the shards of a round follow the rounds before it.

    Args:
        shards: the shards of the round.
        before: the merged rounds before it, None if there are none.
        signature: the key of the signature.

    Raises:
        InputError: they belong to another round or model, or begin at another sample.
    """
    first, number = shards[0], before.round + 1 if before else 1
    if first.round != number:
        raise InputError(f"the shards are of round {first.round}, not {number}. {_AGAIN}")
    if before and (first.model_sha256, first.dataset_sha256, first.metrics_sha256) != (
        before.model_sha256,
        before.dataset_sha256,
        before.metrics_sha256,
    ):
        raise InputError(
            f"round {number} has another model, data or metrics than round 1. {_AGAIN}"
        )
    start = before.rows[signature].stop if before else 0
    for shard in shards:
        if signature in shard.rows and shard.rows[signature].start != start:
            raise InputError(
                f"{shard.name} begins at sample {shard.rows[signature].start} of round {number}, "
                f"and the round before it ends at {start}. {_AGAIN}"
            )


def missing(shards: Sequence[ShardFolder], count: int) -> str:
    """Return a sentence with the shards that are missing, empty if none is."""
    there = {shard.record.number for shard in shards}
    lost = [str(number) for number in range(1, count + 1) if number not in there]
    if not lost:
        return ""
    noun, verb = ("shards", "are") if len(lost) > 1 else ("shard", "is")
    return f"{noun} {', '.join(lost)} of {count} {verb} missing from the evaluation"


def _check_shared(shard: Shard, expected: Shard) -> None:
    for name, what in _SHARED.items():
        if getattr(shard, name) != getattr(expected, name):
            raise InputError(f"{shard.name} has {what} than the others. {_AGAIN}")


def _check_rows(shards: Sequence[ShardFolder], signature: str) -> None:
    """Check that the shards of a signature cover all samples, without gaps."""
    samples = shards[0].manifest(signature).samples
    records = [shard.record for shard in shards]
    filled = [record for record in records if record.rows[signature].is_filled]
    bounds = [(record.rows[signature].start, record.rows[signature].stop) for record in filled]
    for (_, before), (start, _), record in zip(bounds, bounds[1:], filled[1:], strict=False):
        if before != start:
            raise InputError(
                f"{record.name} begins at sample {start}, and the shard before it ends at "
                f"{before}. {_AGAIN}"
            )
    if not bounds or bounds[0][0] != 0 or bounds[-1][1] != samples:
        raise InputError(f"the shards do not cover all {samples} samples. {_AGAIN}")
