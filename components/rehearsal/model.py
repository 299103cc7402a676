"""The model of a spec, as far as files of this machine describe it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from quantgate.errors import InputError
from quantgate.records.tasks import ModelFacts, Signature
from quantgate.spec.model.spec import ModelSource, Spec
from quantgate.spec.preflight.graph_def import Declared, graph_with
from quantgate.spec.preflight.signatures import declared_findings
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted
from quantgate.spec.reading.load import LoadedSpec


class Described(NamedTuple):
    """A model without running it.

    Attributes:
        facts: its signatures, or None if they are not known.
        findings: problems that the run would find.
    """

    facts: ModelFacts | None = None
    findings: Iterable[Finding] = ()


def described(loaded: LoadedSpec) -> Described:
    """Return what the file of a local model says, or nothing if the model is not here."""
    spec, path = loaded.spec, Path(loaded.locate(loaded.spec.model.location))
    if not path.exists():
        return Described()
    if spec.model.key == "tflite":
        return _tflite(path, spec)
    if spec.model.key == "keras":
        return _keras(path)
    return Described(_declared_facts(path, spec.model))


def _declared_facts(folder: Path, model: ModelSource) -> ModelFacts | None:
    graph = graph_with(folder, model.tags)
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


def _keras(file: Path) -> Described:
    """Return the problem of a Keras file that its export would find without Keras."""
    if not find_spec("h5py"):
        return Described()
    from quantgate.components.export_model.keras_file import identify

    try:
        identify(file)
    except InputError as error:
        return Described(findings=[_unusable("keras", error)])
    return Described()


def _tflite(file: Path, spec: Spec) -> Described:
    if not find_spec("ai_edge_litert"):
        return Described()
    from quantgate.components.litert.float_model import read_float_model

    try:
        model = read_float_model(file)
    except InputError as error:
        return Described(findings=[_unusable("tflite", error)])
    if findings := list(declared_findings(_as_declared(model.signatures), spec)):
        return Described(findings=findings)
    if findings := list(_recipe_findings(file, spec)):
        return Described(findings=findings)
    return Described(facts_of([model.signatures[key] for key in spec.model.signatures]))


def _recipe_findings(file: Path, spec: Spec) -> Iterator[Finding]:
    """Yield the problems of recipes with rules that match no op."""
    from quantgate.components.litert.flatbuffer import mapped
    from quantgate.components.litert.normalization import parse_normalized
    from quantgate.components.quantizer.matching import unmatched

    model = parse_normalized(mapped(file))
    for number, entry in enumerate(spec.recipes if isinstance(spec.recipes, list) else []):
        for message in unmatched(entry.all_rules, model):
            yield Finding(
                ("quantize", "recipes", number),
                message,
                "Correct the rule or the algorithm, or remove it.",
            )


def _as_declared(signatures: Mapping[str, Signature]) -> dict[str, Declared]:
    return {key: Declared(each.inputs, each.outputs) for key, each in signatures.items()}


def _unusable(key: str, error: InputError) -> Finding:
    return Finding(("model", key), f"{dotted(('model', key))} cannot be used: {error}")
