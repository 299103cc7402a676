"""The errors that quantization adds at each op of a candidate."""

from quantgate.records.base import Record

#: The ops that tables name.
MOST_NAMED = 10


class OpError(Record):
    """The error at one op.

    Attributes:
        op: the name of the op, such as `CONV_2D`.
        layer: the name of its output, which begins with that of its layer.
        error: the squared error of its output divided by the squared float values, over all samples
            and as the mean over channels. The error of a channel is at most 1.
        added: `error` less the largest error among the op's inputs.
        float_bytes: the size of its constants in the float model.
    """

    op: str
    layer: str
    error: float
    added: float
    float_bytes: int = 0


class Sensitivity(Record):
    """The errors of a candidate's ops against the float model.

    Attributes:
        data: the data set of the samples.
        samples: the samples that both models were run on.
        ops: the ops in the order in which they run, without those that only move values.
    """

    data: str
    samples: int
    ops: list[OpError]

    @property
    def worst(self) -> list[OpError]:
        """The ops that add most, the worst first. Ops that add nothing are left out."""
        adding = (each for each in self.ops if each.added > 0)
        return sorted(adding, key=lambda each: -each.added)[:MOST_NAMED]
