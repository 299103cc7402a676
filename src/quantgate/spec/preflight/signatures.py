"""Whether a SavedModel has the graph, signatures and outputs that a spec names."""

from collections.abc import Iterator
from pathlib import Path

from quantgate.domain.figures import MAP
from quantgate.errors import KeyPath
from quantgate.spec.model.metric import Metric
from quantgate.spec.model.spec import Spec
from quantgate.spec.preflight.graph_def import Graph, graphs_of
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import did_you_mean, dotted, listed

_SIGNATURES: KeyPath = ("model", "signatures")
_TAGS: KeyPath = ("model", "tags")


def graph_findings(folder: Path, spec: Spec) -> Iterator[Finding]:
    """Check an existing SavedModel; one that cannot be read is left to the first task."""
    graphs, tags = graphs_of(folder), spec.model.tags
    found = next((graph for graph in graphs if graph.tags == frozenset(tags)), None)
    if found:
        yield from _signature_findings(found, spec)
        yield from _output_findings(found, spec)
    elif graphs:
        there = " or ".join(f"`[{', '.join(sorted(graph.tags))}]`" for graph in graphs)
        message = f"the SavedModel has no graph with the tags `[{', '.join(tags)}]`"
        yield Finding(_TAGS, message, f"Set `model.tags` to {there}, which it has.")


def _signature_findings(graph: Graph, spec: Spec) -> Iterator[Finding]:
    known = sorted(graph.outputs)
    for place, key in enumerate(spec.model.signatures):
        if key not in known:
            message = f"the SavedModel has no signature `{key}`"
            hint = did_you_mean(key, known) or _those(known)
            yield Finding((*_SIGNATURES, place), message, hint)


def _those(known: list[str]) -> str:
    if not known:
        return "It has none: export it with one, as `model.export(folder)` of Keras 3 does."
    return f"It has {listed(known, 'and')}."


def _output_findings(graph: Graph, spec: Spec) -> Iterator[Finding]:
    for number, metric in enumerate(spec.measure.metrics):
        key = metric.signature or spec.model.signatures[0]
        if key in graph.outputs:
            path: KeyPath = ("measure", "metrics", number)
            yield from _of_metric(metric, sorted(graph.outputs[key]), path)


def _of_metric(metric: Metric, known: list[str], path: KeyPath) -> Iterator[Finding]:
    if metric.output is None and metric.metric != MAP.name and len(known) > 1:
        message = f"{dotted(path)} needs the key `output`, for the model has several"
        yield Finding(path, message, f"They are {listed(known, 'and')}.")
    named = {"output": metric.output} if metric.output else {}
    boxes = metric.detection.model_dump(exclude={"format"}) if metric.detection else {}
    for key, name in {**named, **{f"detection.{part}": boxes[part] for part in boxes}}.items():
        if name not in known:
            message = f"the model has no output `{name}`"
            hint = did_you_mean(name, known) or f"Its outputs are {listed(known, 'and')}."
            yield Finding((*path, *key.split(".")), message, hint)
