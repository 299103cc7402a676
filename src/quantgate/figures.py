"""Every figure that quantgate measures: its unit, and which way is better."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Figure:
    """A measurable quantity.

    Attributes:
        name: what specs and decisions call it.
        higher_is_better: the direction of improvement.
        unit: as shown to a person; empty for a plain number.
        bounded: whether it lies in [0, 1].
        per_sample: whether evaluation keeps one value for every sample, so that a candidate can
            be compared with the baseline in pairs.
    """

    name: str
    higher_is_better: bool
    unit: str = ""
    bounded: bool = False
    per_sample: bool = False


_METRICS = (
    Figure("top1", higher_is_better=True, bounded=True, per_sample=True),
    Figure("roc_auc", higher_is_better=True, bounded=True, per_sample=True),
    Figure("mse", higher_is_better=False, per_sample=True),
    Figure("psnr", higher_is_better=True, unit="dB", per_sample=True),
)
_LATENCIES = tuple(
    Figure(f"latency_{statistic}_ms", higher_is_better=False, unit="ms")
    for statistic in ("p50", "p90", "p95", "p99")
)
SIZE = Figure("size_bytes", higher_is_better=False, unit="bytes")

#: What `measure.metrics` may name.
METRICS: Mapping[str, Figure] = MappingProxyType({figure.name: figure for figure in _METRICS})
#: What `measure.latency` yields.
LATENCIES: Mapping[str, Figure] = MappingProxyType({figure.name: figure for figure in _LATENCIES})
#: Everything that a limit or an objective can name.
FIGURES: Mapping[str, Figure] = MappingProxyType({**METRICS, SIZE.name: SIZE, **LATENCIES})
