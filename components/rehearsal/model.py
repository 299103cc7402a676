"""The model of a spec, as far as files of this machine describe it."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from quantgate.errors import InputError, KeyPath
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts
from quantgate.spec.preflight.graph_def import TEXT, Tensors, graph_with
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted
from quantgate.spec.reading.load import LoadedSpec

_KERAS: KeyPath = ("model", "keras")


def declared_facts(loaded: LoadedSpec) -> ModelFacts | None:
    """Return the declared signatures of a local SavedModel, or None if they are not known."""
    model, folder = loaded.spec.model, _local_model(loaded)
    graph = graph_with(folder, model.tags) if folder and not model.keras else None
    if graph is None:
        return None
    declared = {key: graph.signatures[key] for key in model.signatures}
    signatures = [
        Signature(key=key, inputs=inputs, outputs=outputs)
        for key, tensors in declared.items()
        if (inputs := _known(tensors.inputs)) and (outputs := _known(tensors.outputs))
    ]
    if len(signatures) < len(declared):
        return None
    return ModelFacts(
        source_sha256="",
        baseline_sha256="",
        size_bytes=0,
        signatures=signatures,
        ops={},
    )


def keras_findings(loaded: LoadedSpec) -> Iterator[Finding]:
    """Yield the problem of a local Keras file that its export would find without Keras."""
    file = _local_model(loaded)
    if not (loaded.spec.model.keras and file and find_spec("h5py")):
        return
    from quantgate.components.export_model.keras_file import identify

    try:
        identify(file)
    except InputError as error:
        yield Finding(_KERAS, f"{dotted(_KERAS)} cannot be used: {error}")


def _local_model(loaded: LoadedSpec) -> Path | None:
    path = Path(loaded.locate(loaded.spec.model.location))
    return path if path.exists() else None


def _known(tensors: Tensors) -> dict[str, TensorFacts]:
    """Return the tensors of a signature, or nothing if one of them is not known."""
    known = {name: tensor for name, tensor in tensors.items() if tensor and tensor.dtype != TEXT}
    return known if len(known) == len(tensors) else {}
