"""The model that a spec is drafted for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from quantgate.errors import UsageError
from quantgate.records.tasks import Signature
from quantgate.spec.model.formats import format_at
from quantgate.spec.preflight.graph_def import graphs_of
from quantgate.spec.preflight.saved_model import keras_findings, saved_model_findings
from quantgate.spec.problems.findings import Finding

SERVING = "serving_default"
_TAG = "serve"
_TFLITE = ".tflite"
_KERAS = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class Subject:
    """A model, as far as its files tell without TensorFlow.

    Attributes:
        kind: the key of the spec's `model`.
        path: of the file or folder.
        signatures: those to convert, by key. Empty if only Keras could tell.
        others: keys of further signatures.
        tags: of the graph to convert.
    """

    kind: str
    path: Path
    signatures: Mapping[str, Signature]
    others: tuple[str, ...] = ()
    tags: tuple[str, ...] = (_TAG,)


def subject_of(path: Path) -> Subject:
    """Look at a model.

    Raises:
        UsageError: there is no model, or its kind is not known.
        InputError: a .tflite is damaged or cannot be quantized.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist. Give a SavedModel, a Keras file or a .tflite")
    if path.is_file() and path.suffix in _KERAS:
        _refuse(keras_findings(path, ("model", "keras")))
        return Subject("keras", path, {})
    if path.is_file() and path.suffix == _TFLITE:
        return _tflite(path)
    findings = [*saved_model_findings(path, ("model", "saved_model"))]
    if findings and format_at(path):
        raise UsageError(
            f"{path} has samples. Name the model before them: quantgate init MODEL {path}"
        )
    _refuse(findings)
    return _saved_model(path)


def _refuse(findings: Iterable[Finding]) -> None:
    for finding in findings:
        raise UsageError(". ".join(part for part in (finding.message, finding.hint) if part))


def _tflite(path: Path) -> Subject:
    from quantgate.components.litert.float_model import read_float_model

    return _with_distinct("tflite", path, read_float_model(path).signatures, (_TAG,))


def _saved_model(folder: Path) -> Subject:
    graphs = graphs_of(folder)
    graph = next((each for each in graphs if each.tags == {_TAG}), graphs[0] if graphs else None)
    if graph is None:
        raise UsageError(f"{folder} has no graph that can be read. Export the model again")
    declared = {key: each.signature(key) for key, each in graph.signatures.items()}
    known = {key: signature for key, signature in declared.items() if signature}
    return _with_distinct("saved_model", folder, known, tuple(sorted(graph.tags)))


def _with_distinct(
    kind: str, path: Path, known: Mapping[str, Signature], tags: tuple[str, ...]
) -> Subject:
    """Leave out signatures with the inputs of an earlier one, as Keras exports a model twice."""
    if not known:
        raise UsageError(f"{path} has no signature that takes numbers. Export it with one")
    kept: dict[str, Signature] = {}
    for key in sorted(known, key=lambda key: (key != SERVING, key)):
        if all(known[key].inputs != other.inputs for other in kept.values()):
            kept[key] = known[key]
    others = tuple(key for key in known if key not in kept)
    return Subject(kind, path, kept, others, tags)
