"""The metric and the labelled samples that recovery or the search scored models by."""

from quantgate.records.base import Record


class Scoring(Record):
    """A metric on labelled samples that are neither for calibration nor for the evaluation.

    Attributes:
        metric: the name of the metric.
        samples: the number of samples.
        dataset_sha256: the hash of the samples.
        figure: the metric of the float model on them.
    """

    metric: str
    samples: int
    dataset_sha256: str
    figure: float
