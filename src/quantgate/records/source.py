"""The comparison of the float baseline with its source model."""

from quantgate.records.base import Record


class OutputDifference(Record):
    """The difference of one output between the source model and the baseline.

    The difference of a sample is `rms(baseline - source) / rms(source)` for floats, and the share
    of elements that differ for other dtypes.

    Attributes:
        signature: key of the signature.
        output: name of the output.
        samples: number of samples that were compared.
        median: median of the samples' differences.
        largest: the largest of them, or None if it is infinite, which JSON cannot hold.
    """

    signature: str
    output: str
    samples: int
    median: float
    largest: float | None


class SourceComparison(Record):
    """The float baseline compared with its source model in TensorFlow.

    Attributes:
        baseline_sha256: hash of the baseline.
        tolerance: the largest median that is accepted.
        outputs: the differences. The list is empty if the models could not be compared.
        unavailable: the reason why they could not be compared, or None.
        provisional: whether another try may end otherwise.
    """

    baseline_sha256: str
    tolerance: float
    outputs: list[OutputDifference]
    unavailable: str | None = None
    provisional: bool = False

    @property
    def largest(self) -> OutputDifference | None:
        """The output with the largest median difference, or None without outputs."""
        return max(self.outputs, key=lambda output: output.median, default=None)
