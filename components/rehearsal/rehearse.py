"""Check a plan's local data and metrics as its tasks would, before any of them runs."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.build_dataset.fields import missing_values
from quantgate.components.build_dataset.fit import structure_problems
from quantgate.components.build_dataset.groups import further_problems, group_problems
from quantgate.components.build_dataset.opening import Opened
from quantgate.components.build_dataset.sampling import choose
from quantgate.components.evaluate.planning import plan_metrics
from quantgate.components.rehearsal.labels import labels_of
from quantgate.components.rehearsal.model import described
from quantgate.components.rehearsal.samples import Samples, samples_of
from quantgate.components.rehearsal.sources import open_first_samples, open_quickly
from quantgate.errors import InputError, KeyPath
from quantgate.planning.plan import Plan
from quantgate.records.tasks import ModelFacts, Signature
from quantgate.spec.model.formats import has_location
from quantgate.spec.model.locations import scheme_of
from quantgate.spec.model.metric import Metric
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted
from quantgate.spec.reading.load import LoadedSpec

METRICS: KeyPath = ("measure", "metrics")


def rehearse(plan: Plan, loaded: LoadedSpec, known: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the problems of data and metrics with the model's signatures.

    A model and data of this machine are checked. The run finds out about the rest.

    Args:
        plan: the plan of the spec.
        loaded: the spec.
        known: problems of the data and the metrics. What they are about is not checked.
    """
    facts, findings = described(loaded)
    yield from findings
    if facts is None or _is_about(known, METRICS):
        return
    labels: dict[str, DatasetFolder | None] = {}
    with _without_warnings():
        for samples in samples_of(plan):
            if _is_here(samples, loaded) and not _is_about(known, samples.path):
                yield from _sample_findings(samples, loaded, facts, labels)
        yield from _metric_findings(plan, facts, labels)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Leave warnings about samples to the run, which gives them in its log."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _is_about(known: Sequence[Finding], path: KeyPath) -> bool:
    """Return whether a problem is at a path or below it, other than in its `signatures`."""
    return any(
        finding.path[: len(path)] == path and finding.path[len(path) :][:1] != ("signatures",)
        for finding in known
    )


def _is_here(samples: Samples, loaded: LoadedSpec) -> bool:
    data = samples.section.data
    if not has_location(data) or scheme_of(data.source):
        return False
    return Path(loaded.locate(data.source)).exists()


def _sample_findings(
    samples: Samples,
    loaded: LoadedSpec,
    facts: ModelFacts,
    labels: dict[str, DatasetFolder | None],
) -> Iterator[Finding]:
    """Yield the problems of a source. Its labels are added to `labels` if there are none."""
    source, path = loaded.locate(samples.section.data.source), (*samples.path, "source")
    request = samples.request(source, facts)
    try:
        opened = open_quickly(request, samples.needs_label)
        first = None if opened else open_first_samples(request, samples.needs_label)
        problems = _structure_problems(opened or first, request.signature)
        if opened and not problems:
            chosen = choose(opened, samples.choices, samples.purpose)
            problems = [
                *missing_values(opened.fields, chosen.indices, samples.fields),
                *group_problems(opened.group, chosen.indices, samples.purpose),
            ]
            if samples.purpose == "evaluation" and not problems:
                labels[samples.signature] = labels_of(opened, chosen)
    except InputError as error:
        yield Finding(path, f"{dotted(path)} cannot be used: {error}")
        return
    for problem in problems:
        message = f"{dotted(path)} cannot serve as {samples.purpose} data: {problem}"
        yield Finding(path, message, f"The data is {source}.")


def _structure_problems(opened: Opened | None, signature: Signature) -> list[str]:
    if opened is None:
        return []
    problems = structure_problems(opened.arrays, opened.label, signature)
    return problems or further_problems(opened)


def _metric_findings(
    plan: Plan, facts: ModelFacts, labels: Mapping[str, DatasetFolder | None]
) -> Iterator[Finding]:
    """Yield the problems of metrics with outputs and labels. Functions of users are not run."""
    for number, metric in enumerate(plan.spec.measure.metrics):
        dataset = labels.get(metric.signature or plan.spec.model.signatures[0])
        if dataset and not metric.is_own and (problem := _misfit(metric, facts, dataset)):
            yield Finding(("measure", "metrics", number), problem)


def _misfit(metric: Metric, facts: ModelFacts, dataset: DatasetFolder) -> str | None:
    try:
        plan_metrics([metric.model_dump(exclude_none=True)], facts, lambda _: dataset)
    except InputError as error:
        return str(error)
    return None
