"""Checks of `data.evaluation.shards`: that the source has parts, and that all samples are taken."""

from collections.abc import Iterator

from quantgate.errors import KeyPath
from quantgate.spec.checks.draft import EVALUATION_DATA, Draft
from quantgate.spec.model.formats import SHARED, declared_format
from quantgate.spec.model.metric import figures_on_microcontroller
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import listed

_SHARDS: KeyPath = (*EVALUATION_DATA, "shards")


def data_shard_findings(draft: Draft) -> Iterator[Finding]:
    """Check an evaluation set that several tasks build."""
    data = draft.sources.get(EVALUATION_DATA)
    if data is None or draft.data_shards == 1:
        return
    format_name = declared_format(data)
    if format_name and format_name not in SHARED:
        yield Finding(
            _SHARDS,
            f"`data.evaluation.shards` is not for the format {format_name}, which has no parts",
            f"It is for {listed(SHARED)}. Store the samples so, or remove `shards`.",
            at_key=True,
        )
    if data.samples is not None:
        yield Finding(
            (*EVALUATION_DATA, "samples"),
            "`data.evaluation.samples` is not for data with `shards`, which take all samples",
            "Remove one of the two.",
            at_key=True,
        )
    yield from _several_signatures(draft)
    yield from _on_microcontroller(draft)


def _on_microcontroller(draft: Draft) -> Iterator[Finding]:
    named = {*draft.limits, *(objective.figure for objective in draft.objectives.values())}
    for figure in sorted(named & figures_on_microcontroller(draft.metrics.values())):
        yield Finding(
            _SHARDS,
            f"`data.evaluation.shards` is not for `{figure}`, as a microcontroller needs all "
            "samples on one machine",
            f"Remove `shards`, or what names `{figure}`.",
            at_key=True,
        )


def _several_signatures(draft: Draft) -> Iterator[Finding]:
    own = [path for path in draft.sources if path[:2] == EVALUATION_DATA and len(path) > 2]
    named = {metric.signature for metric in draft.metrics.values() if metric.signature}
    if draft.latency and draft.latency.signature:
        named.add(draft.latency.signature)
    if own or len(named) > 1:
        yield Finding(
            _SHARDS,
            "`data.evaluation.shards` is for one signature, and the spec measures several",
            "Measure one signature, or remove `shards`.",
            at_key=True,
        )
