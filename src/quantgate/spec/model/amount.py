"""Amounts in a spec: numbers, with a unit or a percent sign where that reads better."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from quantgate.domain.units import AMOUNT_PATTERN, amount_of

Percentage = Annotated[str, Field(pattern=r"^[0-9]{1,2}(\.[0-9]+)?%$")]


def _percent(value: object) -> object:
    """Read `5%` as 5."""
    written = isinstance(value, str) and re.fullmatch(r"([0-9]+(\.[0-9]+)?) ?%", value)
    return float(written.group(1)) if written else value


Percent = Annotated[float, BeforeValidator(_percent, json_schema_input_type=float | Percentage)]
# In the unit of a figure, or with a unit of its own; `spec.limits` says whether that fits.
Amount = Annotated[
    float,
    BeforeValidator(
        amount_of, json_schema_input_type=float | Annotated[str, Field(pattern=AMOUNT_PATTERN)]
    ),
]
