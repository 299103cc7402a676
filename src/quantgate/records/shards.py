"""The documents of tasks that are divided into shards, as JSON."""

from quantgate.records.base import Record


class ScoredRows(Record):
    """The scores of one signature in a shard.

    They are those of the rows from `start` up to `stop`, which is left out. In a round, these are
    places in the order of the samples, of which the shard has a part. `failure` is the reason why
    there are none, or no more. `crashed` is true if the process with the model ended, and
    `provisional` if that may not happen again. `refusal` is XNNPACK's reason for refusing the
    model.
    """

    start: int
    stop: int
    failure: str | None = None
    crashed: bool = False
    provisional: bool = False
    refusal: str | None = None

    @property
    def is_filled(self) -> bool:
        """True if there is at least one row."""
        return self.start < self.stop

    @property
    def is_scored(self) -> bool:
        """True if the rows have scores."""
        return self.is_filled and self.failure is None


class Shard(Record):
    """The contents of `shard.json`: one of `count` shards of the evaluation of a model.

    The first has the `number` 1, and so has the first `round` of an evaluation that may stop early.
    The round is 0 for other evaluations. `model_sha256` is None if the conversion left no model.
    `metrics_sha256` covers the metrics and the hash of the user's code. `rows` are by signature.
    """

    number: int
    count: int
    model_sha256: str | None
    dataset_sha256: str
    metrics_sha256: str
    litert: str
    round: int = 0
    rows: dict[str, ScoredRows] = {}

    @property
    def name(self) -> str:
        """The number among all shards, in words."""
        return f"shard {self.number} of {self.count}"
