"""The Python functions of the user's own that a spec names, and where Python finds them."""

from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import PYTHON, declared_format
from quantgate.spec.model.spec import Spec


def functions_of(spec: Spec) -> list[str]:
    """Every `module:function` that yields data or is a metric, without repetition."""
    data = spec.data
    sources: list[DataSource] = [data.evaluation, *data.evaluation.signatures.values()]
    if data.calibration:
        sources += [data.calibration, *data.calibration.signatures.values()]
    yields = [found.source for found in sources if declared_format(found) == PYTHON]
    metrics = [metric.metric for metric in spec.measure.metrics if metric.is_own]
    return list(dict.fromkeys([*yields, *metrics]))


def travels(spec: Spec, function: str) -> bool:
    """Whether a function is in the spec's `code`, and so wherever a task runs."""
    return spec.code is not None and spec.code.holds(function)


def may_be_in_an_image(spec: Spec) -> bool:
    """Whether the spec names an image of its own, in which modules may be that are not here."""
    return spec.cluster is not None and spec.cluster.images.runtime is not None


def functions_left_behind(spec: Spec) -> list[str]:
    """Those that are found only where the module is installed, or lies beside the spec."""
    return [function for function in functions_of(spec) if not travels(spec, function)]
