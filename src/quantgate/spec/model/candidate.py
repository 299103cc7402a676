"""Settings that the candidates of modes and of recipes share."""

from typing import Literal

from pydantic import Field

from quantgate.spec.model.data import Selection
from quantgate.spec.model.section import Alternatives

IoType = Literal["float32", "int8", "uint8", "int16"]


class OwnCalibration(Alternatives):
    """Calibration settings of one candidate. They override those of `data.calibration`."""

    samples: int | None = Field(default=None, ge=1, description="Number of samples.")
    select: Selection | None = Field(default=None, description="How to select the samples.")
    seed: int | None = Field(default=None, ge=0, description="Seed of the selection.")
