"""What a report shows beside figures and verdicts: classes, curves, ops, ranges, spreads."""

from pydantic import Field

from quantgate.records.attestation import TensorAttest
from quantgate.records.base import Record


class TensorRange(Record):
    """The least and the greatest value of a tensor while the calibration set ran."""

    tensor: str
    least: float
    greatest: float


class CalibratedRanges(Record):
    """`ranges.json` beside a calibrated model: every tensor that has a range, in its order."""

    tensors: list[TensorRange]


class RangeShown(TensorRange):
    """A tensor's range, and what is suspicious about it."""

    suspicion: str | None = None


class RangesShown(Record):
    """The most telling of `tensors` ranges, suspicious ones first."""

    tensors: int
    suspicious: int
    shown: list[RangeShown]


class ClassChange(Record):
    """How many of a class's samples baseline and candidate got right."""

    label: str
    samples: int
    baseline: int
    candidate: int


class Confused(Record):
    """How many samples of one class were taken for another."""

    right: str
    chosen: str
    baseline: int
    candidate: int


class Classes(Record):
    """What a candidate answers, class by class, against the baseline.

    `changes` are the classes that changed most, `confused` the pairs of different classes that did.
    Matrices count samples, [right class][chosen class], in the order of `labels`; all three are
    empty where there are too many classes to draw.
    """

    figure: str
    candidate: str
    classes: int
    samples: int
    changes: list[ClassChange]
    confused: list[Confused]
    labels: list[str] = Field(default_factory=list)
    baseline: list[list[int]] = Field(default_factory=list)
    matrix: list[list[int]] = Field(default_factory=list)


class CurvePoint(Record):
    """A point of a ROC curve: what a threshold of the score gives."""

    false_positive_rate: float
    true_positive_rate: float
    threshold: float


class Curves(Record):
    """ROC curves of the baseline and a candidate, thinned out."""

    figure: str
    candidate: str
    baseline: list[CurvePoint]
    points: list[CurvePoint]


class Attested(Record):
    """What a candidate's ops compute in, and what was left in float, by op.

    `float_ops` counts ops with float activations; `float_macs` are their multiply-accumulates out
    of `macs`, 0 where none are counted. `arithmetics` counts ops by what they compute in.
    """

    candidate: str
    ops: int
    arithmetics: dict[str, int]
    float_ops: dict[str, int]
    float_macs: dict[str, int]
    float_op_share: float | None
    float_mac_share: float | None
    macs: int


class Spread(Record):
    """Two-sided 95 % interval of a candidate's figure less the baseline's, from paired samples."""

    candidate: str
    figure: str
    low: float
    high: float


class Details(Record):
    """Everything of a decision that reports show and no verdict rests on.

    `subject` is the candidate that classes, curves, inputs and outputs are of: the winner, or the
    closest where nothing qualified. Where the baseline is promoted instead, inputs and outputs are
    the baseline's. `signatures` are the keys of the model's.
    """

    subject: str | None = None
    signatures: list[str] = Field(default_factory=list)
    inputs: list[TensorAttest] = Field(default_factory=list)
    outputs: list[TensorAttest] = Field(default_factory=list)
    spreads: list[Spread] = Field(default_factory=list)
    classes: list[Classes] = Field(default_factory=list)
    curves: list[Curves] = Field(default_factory=list)
    attested: list[Attested] = Field(default_factory=list)
    ranges: RangesShown | None = None
