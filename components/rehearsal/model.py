"""The model of a spec, as far as files of this machine describe it."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from quantgate.errors import InputError, KeyPath
from quantgate.records.tasks import ModelFacts, Signature
from quantgate.spec.preflight.graph_def import graph_with
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
    signatures = [known for key, each in declared.items() if (known := each.signature(key))]
    return facts_of(signatures) if len(signatures) == len(declared) else None


def facts_of(signatures: Sequence[Signature]) -> ModelFacts:
    """Return the facts of a model that is not converted yet, of which only this is known."""
    return ModelFacts(
        source_sha256="", baseline_sha256="", size_bytes=0, signatures=[*signatures], ops={}
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
