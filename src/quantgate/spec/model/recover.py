"""The spec's `quantize.recover`: edits of the float model before it is quantized."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from quantgate.domain.recovery import NONE_QUALIFIES, TECHNIQUES, TechniqueName, WhenName
from quantgate.spec.model.section import Section


class Recover(Section):
    """Edits of the float model, its ranges or its rules, judged on held-back calibration data."""

    techniques: list[TechniqueName] = Field(
        default=list(TECHNIQUES),
        min_length=1,
        description="The techniques to try: `ranges`, `biases`, `equalize` and `layers`.",
    )
    when: WhenName = Field(
        default=NONE_QUALIFIES,
        description="When recovered candidates are ranked: only if no other candidate qualifies, "
        "or `always`.",
    )
    budget: float = Field(
        default=10.0,
        gt=0,
        description="Runs of all calibration samples after which no further edit is tried, for "
        "each candidate.",
    )


def _recover_from_switch(value: object) -> object:
    if isinstance(value, bool):
        return {} if value else None
    return value


RecoverEntry = Annotated[
    Recover | None,
    BeforeValidator(_recover_from_switch, json_schema_input_type=bool | Recover | None),
]
