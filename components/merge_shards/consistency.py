"""Check that shards belong together, and that each is there once."""

from collections import Counter
from collections.abc import Iterable, Sequence

from quantgate.components.artifacts.shard import ShardFolder
from quantgate.errors import InputError
from quantgate.records.shards import Shard

#: What all shards of an evaluation have in common.
_SHARED = {
    "model_sha256": "another model",
    "dataset_sha256": "other data",
    "metrics_sha256": "other metrics",
    "litert": "another version of LiteRT",
    "count": "another number of shards",
}


def in_order(shards: Iterable[ShardFolder], count: int, metrics_sha256: str) -> list[ShardFolder]:
    """Return the shards of an evaluation by their number.

    Args:
        shards: in any order.
        count: the number of all shards.
        metrics_sha256: hash of the metrics.

    Raises:
        InputError: there is none, one comes twice, or one belongs to another evaluation.
    """
    ordered = sorted(shards, key=lambda shard: shard.record.number)
    if not ordered:
        raise InputError(f"none of the {count} shards is there. Run the evaluation again")
    first = ordered[0].record
    expected = first.model_copy(update={"count": count, "metrics_sha256": metrics_sha256})
    for shard in ordered:
        _check_shared(shard.record, expected)
    numbers = Counter(shard.record.number for shard in ordered)
    if twice := [number for number, times in numbers.items() if times > 1]:
        raise InputError(f"shard {twice[0]} of {count} comes twice. Run the evaluation again")
    if len(ordered) == count:
        for signature in first.rows:
            _check_rows(ordered, signature)
    return ordered


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
            raise InputError(f"{shard.name} has {what} than the others. Run the evaluation again")


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
                f"{before}. Run the evaluation again"
            )
    if not bounds or bounds[0][0] != 0 or bounds[-1][1] != samples:
        raise InputError(f"the shards do not cover all {samples} samples. Run the evaluation again")
