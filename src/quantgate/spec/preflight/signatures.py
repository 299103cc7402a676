"""Checks that a model has the graph, signatures and outputs that a spec names."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from quantgate.domain.figures import MAP
from quantgate.errors import KeyPath
from quantgate.spec.model.metric import Metric
from quantgate.spec.model.spec import Spec
from quantgate.spec.preflight.batch import batch_findings, batch_sizes
from quantgate.spec.preflight.graph_def import TEXT, Declared, Tensors, graphs_of
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import did_you_mean, dotted, listed

#: Inputs and outputs of each signature, by its key.
Signatures = Mapping[str, Declared]
_SIGNATURES: KeyPath = ("model", "signatures")
_TAGS: KeyPath = ("model", "tags")
_TAKE_NUMBERS = (
    "It cannot be quantized. Export a signature that takes numbers (token ids, decoded pixels), "
    "and prepare them outside the model."
)


def graph_findings(folder: Path, spec: Spec) -> Iterator[Finding]:
    """Check an existing SavedModel. If it cannot be read, the run's first task reports that."""
    graphs, tags = graphs_of(folder), spec.model.tags
    tagged = next((graph for graph in graphs if graph.tags == frozenset(tags)), None)
    if tagged:
        yield from declared_findings(tagged.signatures, spec)
    elif graphs:
        available = " or ".join(f"`[{', '.join(sorted(graph.tags))}]`" for graph in graphs)
        message = f"the SavedModel has no graph with the tags `[{', '.join(tags)}]`"
        yield Finding(_TAGS, message, f"Set `model.tags` to {available}.")


def declared_findings(signatures: Signatures, spec: Spec) -> Iterator[Finding]:
    """Check the signatures, outputs and batch size that a spec names."""
    yield from _signature_findings(signatures, spec)
    yield from _output_findings(signatures, spec)
    yield from _batch_findings(signatures, spec)


def _signature_findings(signatures: Signatures, spec: Spec) -> Iterator[Finding]:
    known = sorted(signatures)
    for index, key in enumerate(spec.model.signatures):
        if key not in known:
            message = f"the model has no signature `{key}`"
            hint = did_you_mean(key, known) or _known_signatures(known)
            yield Finding((*_SIGNATURES, index), message, hint)
        elif texts := _texts(signatures[key].inputs):
            message = f"signature `{key}` takes text or encoded bytes in {listed(texts, 'and')}"
            yield Finding((*_SIGNATURES, index), message, _TAKE_NUMBERS)


def _texts(inputs: Tensors) -> list[str]:
    return [name for name, tensor in inputs.items() if tensor and tensor.dtype == TEXT]


def _known_signatures(known: list[str]) -> str:
    if not known:
        return "It has none. Export it with one, such as with `model.export(folder)` of Keras 3."
    return f"It has {listed(known, 'and')}."


def _batch_findings(signatures: Signatures, spec: Spec) -> Iterator[Finding]:
    for key in dict.fromkeys(spec.model.signatures):
        if key in signatures:
            sizes = dict(batch_sizes(key, signatures[key].inputs))
            yield from batch_findings(sizes, str(spec.model.batch))


def _output_findings(signatures: Signatures, spec: Spec) -> Iterator[Finding]:
    for number, metric in enumerate(spec.measure.metrics):
        key = metric.signature or spec.model.signatures[0]
        if key in signatures:
            path: KeyPath = ("measure", "metrics", number)
            yield from _of_metric(metric, sorted(signatures[key].outputs), path)


def _of_metric(metric: Metric, known: list[str], path: KeyPath) -> Iterator[Finding]:
    if metric.output is None and metric.metric != MAP.name and len(known) > 1:
        message = f"{dotted(path)} needs the key `output`, as the model has several outputs"
        yield Finding(path, message, f"The outputs are {listed(known, 'and')}.")
    named = {"output": metric.output} if metric.output else {}
    boxes = metric.detection.model_dump(exclude={"format"}) if metric.detection else {}
    for key, name in {**named, **{f"detection.{part}": boxes[part] for part in boxes}}.items():
        if name not in known:
            message = f"the model has no output `{name}`"
            hint = did_you_mean(name, known) or f"Its outputs are {listed(known, 'and')}."
            yield Finding((*path, *key.split(".")), message, hint)
