"""Every figure that quantgate measures: its unit, its range, and which way is better."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType


@dataclass(frozen=True)
class Figure:
    """A measurable quantity.

    Attributes:
        name: what specs and decisions call it.
        higher_is_better: the direction of improvement.
        unit: as shown to a person; empty for a plain number.
        least: the least value it can have.
        most: the greatest.
        per_sample: whether evaluation keeps one value for every sample, so that a candidate can
            be compared with the baseline in pairs.
        mean: whether it is the mean of what each sample has by itself.
        right_or_wrong: whether that is 1 for a sample that came out right and 0 for another.
        labelled: whether it needs labels; otherwise the baseline's outputs are the truth.
        percentile: of the rounds' timings, where it is a latency.
    """

    name: str
    higher_is_better: bool
    unit: str = ""
    least: float = 0.0
    most: float = math.inf
    per_sample: bool = False
    mean: bool = False
    right_or_wrong: bool = False
    labelled: bool = True
    percentile: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether it lies between two numbers."""
        return math.isfinite(self.least) and math.isfinite(self.most)


def _share(name: str) -> Figure:
    return Figure(name, higher_is_better=True, most=1.0, per_sample=True)


def _hits(name: str, *, labelled: bool = True) -> Figure:
    return replace(_share(name), mean=True, right_or_wrong=True, labelled=labelled)


def _decibels(name: str, *, labelled: bool = True) -> Figure:
    return Figure(name, True, "dB", -math.inf, per_sample=True, mean=True, labelled=labelled)


def _loss(name: str) -> Figure:
    return Figure(name, higher_is_better=False, per_sample=True, mean=True)


def _index(name: str, least: float, *, mean: bool, labelled: bool = True) -> Figure:
    return Figure(name, True, least=least, most=1.0, per_sample=True, mean=mean, labelled=labelled)


_METRICS = (
    _hits("top1"),
    _hits("top5"),
    _hits("top_k"),
    _share("balanced_accuracy"),
    _share("f1_macro"),
    _hits("f1_micro"),
    _share("roc_auc"),
    _share("average_precision"),
    _loss("log_loss"),
    _loss("mse"),
    _loss("mae"),
    _index("r2", -math.inf, mean=False),
    _decibels("psnr"),
    _index("ssim", -1.0, mean=True),
    _decibels("si_sdr"),
    _share("mean_iou"),
    _share("mean_average_precision"),
    _index("cosine_similarity", -1.0, mean=True, labelled=False),
    _decibels("snr", labelled=False),
    _hits("agreement", labelled=False),
)
_LATENCIES = tuple(
    Figure(f"latency_p{percentile}_ms", higher_is_better=False, unit="ms", percentile=percentile)
    for percentile in (50, 90, 95, 99)
)
MEDIAN = _LATENCIES[0]
LOAD = Figure("load_ms", higher_is_better=False, unit="ms")
MEMORY = Figure("memory_peak_bytes", higher_is_better=False, unit="bytes")
ALLOCATED = Figure("memory_allocated_bytes", higher_is_better=False, unit="bytes")
SIZE = Figure("size_bytes", higher_is_better=False, unit="bytes")


def _bytes(name: str) -> Figure:
    return Figure(name, higher_is_better=False, unit="bytes")


def _count(name: str, unit: str = "ops") -> Figure:
    return Figure(name, higher_is_better=False, unit=unit)


def _part(name: str) -> Figure:
    return Figure(name, higher_is_better=True, most=1.0)


#: What `measure.metrics` may name, beside Python functions as `module:function`.
METRICS: Mapping[str, Figure] = MappingProxyType({figure.name: figure for figure in _METRICS})
#: Percentiles of single invocations.
LATENCIES: Mapping[str, Figure] = MappingProxyType({figure.name: figure for figure in _LATENCIES})
#: What `measure.latency` yields.
BENCHMARKED: Mapping[str, Figure] = MappingProxyType(
    {**LATENCIES, **{figure.name: figure for figure in (LOAD, MEMORY, ALLOCATED)}}
)
#: What `measure.targets` yields, by target; of candidates only.
TARGET_FIGURES: Mapping[str, tuple[Figure, ...]] = MappingProxyType(
    {
        "microcontroller": (
            _part("mcu_runs"),
            _bytes("mcu_arena_bytes"),
            _bytes("mcu_arena_persistent_bytes"),
            _bytes("mcu_arena_nonpersistent_bytes"),
            _bytes("mcu_flash_bytes"),
            _part("mcu_equal_share"),
        ),
        "ethos_u": (
            _part("ethos_u_ops_share"),
            _count("ethos_u_cpu_ops"),
            _bytes("ethos_u_sram_bytes"),
            _bytes("ethos_u_dram_bytes"),
            _bytes("ethos_u_flash_bytes"),
            _count("ethos_u_cycles", "cycles"),
            Figure("ethos_u_inferences_per_s", higher_is_better=True, unit="per second"),
        ),
        "edge_tpu": (_part("edge_tpu_ops_share"), _count("edge_tpu_cpu_ops")),
        "gpu": (
            _part("gpu_ops_share"),
            _count("gpu_cpu_ops"),
            _part("gpu_runs"),
            Figure("gpu_snr_db", True, "dB", -math.inf),
        ),
    }
)
#: Everything that a limit or an objective can name, beside metrics under names of their own.
FIGURES: Mapping[str, Figure] = MappingProxyType(
    {
        **METRICS,
        SIZE.name: SIZE,
        **BENCHMARKED,
        **{figure.name: figure for figures in TARGET_FIGURES.values() for figure in figures},
    }
)


def own_figure(name: str, *, higher_is_better: bool) -> Figure:
    """The figure of a user's own metric, about whose range nothing is known."""
    return Figure(name, higher_is_better, least=-math.inf, per_sample=True)


def slice_figure(name: str, of: str) -> str:
    """What a metric's figure is called in one slice; names in a spec have no brackets."""
    return f"{name}[{of}]"


def is_slice(name: str) -> bool:
    """Whether a figure is of one slice only."""
    return "[" in name


def whole_of(name: str) -> str:
    """The figure that a slice's is a part of; any other itself."""
    return name.partition("[")[0]


def slice_of(name: str) -> str:
    """The slice's own name in a figure of one slice."""
    return name.partition("[")[2].removesuffix("]")


def metric_of(name: str, metrics: Mapping[str, str]) -> str | None:
    """The metric that a figure is of, None for other figures; `metrics` are by figure."""
    return metrics.get(name) or (name if name in METRICS else None)


def is_likeness(metric: str | None) -> bool:
    """Whether a metric is itself a comparison with the baseline, which needs no second one."""
    figure = METRICS.get(metric or "")
    return figure is not None and not figure.labelled
