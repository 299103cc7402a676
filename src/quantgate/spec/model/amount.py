"""Types of amounts in a spec: numbers, optionally with a unit or a percent sign."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from quantgate.domain.units import AMOUNT_PATTERN, amount_of

Percentage = Annotated[str, Field(pattern=r"^[0-9]{1,2}(\.[0-9]+)?%$")]


def _percent(value: object) -> object:
    """Read `5%` as 5."""
    match = isinstance(value, str) and re.fullmatch(r"([0-9]+(\.[0-9]+)?) ?%", value)
    return float(match.group(1)) if match else value


Percent = Annotated[float, BeforeValidator(_percent, json_schema_input_type=float | Percentage)]
# A number in the metric's unit, or text with a unit, which `spec.checks.limits` checks.
Amount = Annotated[
    float,
    BeforeValidator(
        amount_of, json_schema_input_type=float | Annotated[str, Field(pattern=AMOUNT_PATTERN)]
    ),
]
