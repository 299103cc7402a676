"""The results of calibration: ranges and moments of tensors."""

from typing import Literal

from quantgate.domain.recipes import MomentsForm
from quantgate.records.base import Record
from quantgate.records.outcomes import CalibrationStatus


class Calibration(Record):
    """The contents of `calibration.json` in a calibrated model's folder.

    `way` is "once" if `calibrated.tflite` is beside it. It is "converter" if each integer mode has
    to calibrate again in the public converter (see `reason`). A failed calibration is data: every
    mode that needs it fails with `reason`.
    """

    status: CalibrationStatus
    way: Literal["once", "converter"]
    reason: str | None = None
    samples: int
    dataset_sha256: str
    tensorflow: str = ""


class TensorRange(Record):
    """The least and greatest value of a float32 tensor in a run over the samples.

    `name` is unique in the file, and `subgraph` is the index of the tensor's graph.
    """

    name: str
    subgraph: int
    minimum: float
    maximum: float

    @property
    def is_zero(self) -> bool:
        """True if the tensor is 0 for all samples."""
        return self.minimum == self.maximum == 0


class Ranges(Record):
    """The contents of `ranges.json`: the ranges of computed tensors in the normalized float model.

    They are those of float32 tensors that are not constants. If `status` is "failed", every
    candidate that needs ranges fails with `reason`.
    """

    status: CalibrationStatus
    reason: str | None = None
    samples: int
    dataset_sha256: str
    tensors: list[TensorRange] = []


class Moments(Record):
    """The contents of `moments.json`: the second moments of the inputs of dense layers.

    `form` is "diagonal" for the mean of the square of each input, and "matrix" for the mean of the
    product of each pair. Wide layers have the diagonal in either form. `layers` has the names of
    the tensors that the layers take. The values are in `moments.npz`, float64, under the place of
    the name. If `status` is "failed", every candidate that needs them fails with `reason`.
    """

    status: CalibrationStatus
    reason: str | None = None
    form: MomentsForm
    layers: list[str] = []


class CalibrationShard(Record):
    """The contents of `part.json`: one of `count` shards of a calibration.

    The first has the `number` 1. `work` is what was recorded, and with which library.
    `model_sha256` is the hash of the float model. `samples` are those of all shards, by the
    variants of the calibration. `reason` says why nothing was recorded, and `provisional` is true
    if that may not happen again.
    """

    number: int
    count: int
    work: str
    model_sha256: str
    dataset_sha256: str
    samples: dict[str, int]
    reason: str | None = None
    provisional: bool = False

    @property
    def name(self) -> str:
        """The number among all shards, in words."""
        return f"shard {self.number} of {self.count}"

    def difference_from(self, other: "CalibrationShard") -> str | None:
        """Return why this shard cannot belong to another one, or None if it can."""
        differences = {
            "another number of shards": self.count != other.count,
            "another model": self.model_sha256 != other.model_sha256,
            "other data": (self.dataset_sha256, self.samples)
            != (other.dataset_sha256, other.samples),
            "another version of its library, or other settings": self.work != other.work,
        }
        return next((what for what, differs in differences.items() if differs), None)
