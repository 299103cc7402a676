"""The number of tasks that share the samples of an evaluation."""

import math

#: The value of `shards` that lets quantgate choose the number.
AUTO = "auto"
#: KFP passes the outputs of all shards in one argument of 128 KiB, 1,000 bytes each.
MOST_SHARDS = 64
#: Seconds of one processor that are worth a task of their own, whose pod starts in up to a minute.
SHARD_S = 1800
#: The rounds of shards of an evaluation that may stop early. Each of them starts all shards.
ROUNDS = 3
#: The assumed number of samples if a spec names none.
USUAL_SAMPLES = 50_000
#: The assumed seconds of a sample before a model has run.
SAMPLE_S = 0.1
#: The dtype of activations that LiteRT computes with reference kernels, and their seconds.
SLOW, SLOW_SAMPLE_S = "int16", 1.0


def slots_for(samples: int | None, *, is_slow: bool) -> int:
    """Return the number of shards that a pipeline has room for, before its models have run.

    Args:
        samples: number of samples, None if it is not known.
        is_slow: whether a candidate has activations of the dtype `SLOW`.
    """
    seconds = SLOW_SAMPLE_S if is_slow else SAMPLE_S
    return needed_shards((samples or USUAL_SAMPLES) * seconds, SHARD_S, MOST_SHARDS)


def needed_shards(work: float, enough: float, slots: int) -> int:
    """Return the number of shards that have enough work for a task of their own.

    Args:
        work: that of all samples, in seconds or in samples.
        enough: the work that is worth a task.
        slots: the largest number of shards.
    """
    return max(1, min(slots, math.ceil(work / enough)))


def coarse_seconds(seconds: float) -> float:
    """Return the nearest power of two, by which models of about the same speed are equal."""
    return float(2.0 ** round(math.log2(seconds)))
