"""Checks of `data.search`: that something reads it, and that it can judge models."""

from collections.abc import Iterator

from quantgate.spec.checks.draft import SEARCH_DATA, Draft, LabelledSource
from quantgate.spec.model.data import SearchSamples
from quantgate.spec.model.formats import SELF_LABELLED, declared_format
from quantgate.spec.model.search import scoring_metric
from quantgate.spec.problems.findings import Finding


def search_data_findings(draft: Draft) -> Iterator[Finding]:
    """Check the samples that recovery and the search choose by, if the spec names some."""
    data = draft.sources.get(SEARCH_DATA)
    if not isinstance(data, SearchSamples):
        return
    if not draft.asks_to_search:
        yield Finding(
            SEARCH_DATA,
            "`data.search` is read by `quantize.recover` and `quantize.search`, and the spec has "
            "neither",
            "Add one of them, or remove `data.search`.",
            at_key=True,
        )
    yield from _unlabelled(draft, data)
    yield from _shared(draft, data)


def _unlabelled(draft: Draft, data: SearchSamples) -> Iterator[Finding]:
    metrics = [*draft.metrics.values()]
    if data.label or declared_format(data) in SELF_LABELLED or not metrics:
        return
    metric = scoring_metric(metrics, draft.limits)
    if metric.needs_label:
        yield Finding(
            SEARCH_DATA,
            f"`data.search` has no labels, and models are scored by `{metric.title}`, which needs "
            "them",
            "Name their key as `label`. Or remove `data.search`: then models are judged by their "
            "agreement with the float model.",
            at_key=True,
        )


def _shared(draft: Draft, data: SearchSamples) -> Iterator[Finding]:
    for path, source in draft.sources.items():
        if path[1] == "evaluation" and _is_same(source, data):
            yield Finding(
                (*SEARCH_DATA, "source"),
                "`data.search` and `data.evaluation` have the same source, and models must not be "
                "chosen by the samples that judge them",
                "Split the data, and name a file or folder for each part.",
            )


def _is_same(source: LabelledSource, data: SearchSamples) -> bool:
    return source.source == data.source and declared_format(data) != "random"
