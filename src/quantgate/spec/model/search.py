"""The spec's `quantize.search`: candidates whose layers differ in their bits."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from quantgate.domain.search import Bits
from quantgate.spec.model.section import Section


class Search(Section):
    """Models of mixed precision, found on held-back calibration data."""

    bits: list[Bits] | None = Field(
        default=None,
        description="The bits that a layer can have: 8, and 4 or 16 or both. The default is "
        "`[4, 8]` for a CPU, and `[8, 16]` for other hardware.",
    )
    budget: float = Field(
        default=10.0,
        gt=0,
        description="Runs of all calibration samples after which no further model is tried.",
    )


def _search_from_switch(value: object) -> object:
    if isinstance(value, bool):
        return {} if value else None
    return value


SearchEntry = Annotated[
    Search | None,
    BeforeValidator(_search_from_switch, json_schema_input_type=bool | Search | None),
]
