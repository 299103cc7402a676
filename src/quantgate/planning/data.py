"""The sources of the samples in a plan, by signature."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quantgate.spec.model.data import (
    CalibrationData,
    CalibrationSamples,
    EvaluationData,
    EvaluationSamples,
    SearchSamples,
)
from quantgate.spec.model.formats import (
    IN_SEQUENCE,
    SHARED,
    declared_format,
    has_location,
    with_classes,
)
from quantgate.spec.model.metric import Metric
from quantgate.spec.model.search import scoring_metric
from quantgate.spec.model.spec import Spec


@dataclass(frozen=True)
class SignatureData:
    """The source of a signature's samples.

    Attributes:
        signature: key of the signature.
        data: the section of the spec.
        parameter: the run parameter with the location, empty if the data has no location.
    """

    signature: str
    data: CalibrationSamples | EvaluationSamples | SearchSamples
    parameter: str


@dataclass(frozen=True)
class SearchData:
    """The labelled samples that recovery and the search choose by.

    Attributes:
        samples: their source.
        metric: the metric that models are scored by.
    """

    samples: SignatureData
    metric: Metric

    @property
    def fields(self) -> dict[str, list[str]]:
        """The extra arrays that the metric needs. None has to have certain values."""
        return {key: [] for key in self.metric.fields.values()}


def has_chosen_parts(data: CalibrationSamples | EvaluationSamples | SearchSamples) -> bool:
    """Return whether files or rows of a source can be fetched without all others.

    True if only the files in storage show the format.
    """
    name = declared_format(data)
    if name in IN_SEQUENCE:
        return data.select == "first"
    return has_location(data) and (name is None or name in SHARED)


def as_task_key(parameter: str) -> str:
    """Return the key that kfp gives to a task named after a run parameter."""
    return re.sub("[^a-z0-9]+", "-", parameter.lower()).strip("-")


def by_signature(
    purpose: str, data: CalibrationData | EvaluationData, signatures: Sequence[str]
) -> tuple[SignatureData, ...]:
    """Return the source of each signature's samples.

    Args:
        purpose: "calibration" or "evaluation".
        data: the section of the spec.
        signatures: the keys of the signatures.
    """
    names = {key: f"{purpose}_{re.sub('[^A-Za-z0-9]', '_', key)}" for key in data.signatures}
    if len(set(map(as_task_key, names.values()))) < len(names):
        names = {key: f"{purpose}_{number}" for number, key in enumerate(data.signatures, start=1)}
    located = {key: names.get(key, purpose) for key in signatures if has_location(data.of(key))}
    return tuple(SignatureData(key, data.of(key), located.get(key, "")) for key in signatures)


def search_data_of(spec: Spec) -> SearchData | None:
    """Return the samples that recovery and the search choose by, None without `data.search`."""
    data = spec.data.search
    if data is None:
        return None
    metric = scoring_metric(spec.measure.metrics, spec.gate.limits)
    signature = metric.signature or spec.model.signatures[0]
    labelled = with_classes(data, spec.data.evaluation.of(signature))
    parameter = "search" if has_location(data) else ""
    return SearchData(SignatureData(signature, labelled, parameter), metric)
