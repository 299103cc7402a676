"""The user functions of a spec, and where Python finds them."""

from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import PYTHON, declared_format
from quantgate.spec.model.spec import Spec


def functions_of(spec: Spec) -> list[str]:
    """Return each distinct `module:function` that yields data or is a metric."""
    data = spec.data
    sources: list[DataSource] = [data.evaluation, *data.evaluation.signatures.values()]
    if data.calibration:
        sources += [data.calibration, *data.calibration.signatures.values()]
    if data.search:
        sources.append(data.search)
    generators = [source.source for source in sources if declared_format(source) == PYTHON]
    metrics = [metric.metric for metric in spec.measure.metrics if metric.is_own]
    return list(dict.fromkeys([*generators, *metrics]))


def travels(spec: Spec, function: str) -> bool:
    """Return whether a function is in the spec's `code`, which is packaged with the pipeline."""
    return spec.code is not None and spec.code.holds(function)


def may_be_in_an_image(spec: Spec) -> bool:
    """Return whether the spec names a custom image, which may have modules of user functions."""
    return spec.cluster is not None and spec.cluster.images.runtime is not None


def functions_left_behind(spec: Spec) -> list[str]:
    """Return the user functions that are not packaged with the pipeline.

    Their modules have to be installed, or beside the spec in a local run.
    """
    return [function for function in functions_of(spec) if not travels(spec, function)]
