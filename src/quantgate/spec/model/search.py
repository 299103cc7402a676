"""The spec's `quantize.search`: candidates whose layers differ in their bits."""

from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from quantgate.domain.search import Bits
from quantgate.spec.model.metric import Metric
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


def scoring_metric(metrics: Sequence[Metric], limits: Collection[str]) -> Metric:
    """Return the metric that models are scored by on `data.search`.

    It is the first one with a limit, or else the first. Slices are left out.

    Args:
        metrics: those of the spec, at least one.
        limits: the names of the metrics with a limit.
    """
    limited = (metric for metric in metrics if metric.title in limits)
    return next(limited, metrics[0]).model_copy(update={"slice": None})
