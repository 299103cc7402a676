"""All figures that quantgate measures: unit, range and direction of each."""

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from quantgate.domain.figure import Figure, count_of_bytes, share
from quantgate.domain.targets import TARGETS

#: The option for the range of a sample's value.
RANGE = "range"


def _share(name: str) -> Figure:
    return replace(share(name), per_sample=True)


def _hits(name: str, *, labelled: bool = True) -> Figure:
    return replace(_share(name), is_mean=True, is_binary=True, labelled=labelled)


def _decibels(name: str, *, labelled: bool = True) -> Figure:
    return Figure(
        name,
        True,
        "dB",
        -math.inf,
        per_sample=True,
        is_mean=True,
        labelled=labelled,
        takes=(RANGE,),
        meaning="mean of the samples' ratios in dB, in which good samples can hide bad ones",
    )


def _loss(name: str) -> Figure:
    return Figure(name, higher_is_better=False, per_sample=True, is_mean=True, takes=(RANGE,))


def _index(name: str, minimum: float, *, is_mean: bool = True) -> Figure:
    return replace(_share(name), minimum=minimum, is_mean=is_mean)


def _of_classes(figure: Figure) -> Figure:
    return replace(figure, plot="confusion matrix")


def _of_scores(figure: Figure) -> Figure:
    return replace(figure, plot="ROC curve", classed="ranks")


def _of_shown(figure: Figure) -> Figure:
    return replace(figure, classed="shown")


def _milliseconds(name: str) -> Figure:
    return Figure(name, higher_is_better=False, unit="ms")


TOP1 = replace(_of_classes(_hits("top1")), hub_name="accuracy")
MSE = _loss("mse")
ROC_AUC = _of_scores(_share("roc_auc"))
PSNR = replace(_decibels("psnr"), takes=("peak", RANGE))
MEAN_IOU = replace(_of_shown(_share("mean_iou")), takes=("ignore",))
RANKED_MARKS = _of_shown(_share("multilabel_average_precision"))
SNR = _decibels("snr", labelled=False)
AGREEMENT = _hits("agreement", labelled=False)
#: The metric of several outputs, whose ground truth is in arrays of its own.
MAP = replace(_of_shown(_share("mean_average_precision")), needs=("detection", "truth"))

_METRICS = (
    TOP1,
    _of_classes(_hits("top5")),
    replace(_of_classes(_hits("top_k")), needs=("k",)),
    replace(_of_classes(_share("balanced_accuracy")), classed="recall"),
    replace(_of_classes(_share("f1_macro")), classed="labels", hub_name="f1"),
    replace(_of_classes(_hits("f1_micro")), hub_name="f1"),
    ROC_AUC,
    _of_scores(_share("average_precision")),
    replace(_of_shown(_share("multilabel_f1_macro")), hub_name="f1"),
    replace(_share("multilabel_f1_micro"), hub_name="f1"),
    RANKED_MARKS,
    _loss("log_loss"),
    MSE,
    _loss("mae"),
    replace(_index("r2", -math.inf, is_mean=False), hub_name="r_squared"),
    PSNR,
    replace(_index("ssim", -1.0), takes=("peak", RANGE)),
    _decibels("si_sdr"),
    MEAN_IOU,
    MAP,
    replace(_index("cosine_similarity", -1.0), labelled=False, takes=(RANGE,)),
    SNR,
    replace(
        _decibels("snr_pooled", labelled=False),
        is_mean=False,
        takes=(),
        meaning="energy of the float model's outputs over that of the differences, of all samples",
    ),
    replace(
        _decibels("snr_worst", labelled=False),
        is_mean=False,
        takes=(),
        per_sample=False,
        meaning="ratio of the worst sample",
        no_bound="is the value of a single sample, the worst one",
    ),
    AGREEMENT,
)
_LATENCIES = tuple(
    replace(_milliseconds(f"latency_p{percentile}_ms"), percentile=percentile)
    for percentile in (50, 90, 95, 99)
)
MEDIAN = _LATENCIES[0]
LOAD = _milliseconds("load_ms")
MEMORY = count_of_bytes("memory_peak_bytes")
ALLOCATED = count_of_bytes("memory_allocated_bytes")
SIZE = count_of_bytes("size_bytes")

#: The metrics of `measure.metrics`, beside Python functions as `module:function`.
METRICS: Mapping[str, Figure] = MappingProxyType({figure.name: figure for figure in _METRICS})
#: Percentiles of single invocations.
LATENCIES: Mapping[str, Figure] = MappingProxyType({figure.name: figure for figure in _LATENCIES})
#: The figures of `measure.latency`.
BENCHMARKED: Mapping[str, Figure] = MappingProxyType(
    {**LATENCIES, **{figure.name: figure for figure in (LOAD, MEMORY, ALLOCATED)}}
)
#: All figures that a limit or an objective can name, beside metrics that a spec names itself.
FIGURES: Mapping[str, Figure] = MappingProxyType(
    {
        **METRICS,
        SIZE.name: SIZE,
        **BENCHMARKED,
        **{figure.name: figure for target in TARGETS.values() for figure in target.figures},
    }
)


def custom_figure(name: str, *, higher_is_better: bool) -> Figure:
    """Return the figure of a user's own metric, whose range is not known."""
    return Figure(name, higher_is_better, minimum=-math.inf, per_sample=True)


def can_have_range(metric: str | None) -> bool:
    """Return whether the spec may give a range of a metric, or of a user's function."""
    figure = METRICS.get(metric or "")
    return RANGE in figure.options if figure else ":" in (metric or "")


def slice_figure(name: str, of: str) -> str:
    """Return the name of a metric's figure in one slice. Names in a spec have no brackets."""
    return f"{name}[{of}]"


def is_slice(name: str) -> bool:
    """Return whether a figure is of one slice only."""
    return "[" in name


def whole_of(name: str) -> str:
    """Return the figure that a slice's figure is a part of. Return any other figure as it is."""
    return name.partition("[")[0]


def slice_of(name: str) -> str:
    """Return the slice's own name in a figure of one slice."""
    return name.partition("[")[2].removesuffix("]")


def metric_of(name: str, metrics: Mapping[str, str]) -> str | None:
    """Return the metric of a figure, or None for other figures. `metrics` are by figure."""
    return metrics.get(name) or (name if name in METRICS else None)


def is_likeness(metric: str | None) -> bool:
    """Return whether a metric compares with the baseline by itself."""
    figure = METRICS.get(metric or "")
    return figure is not None and not figure.labelled
