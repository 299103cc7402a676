"""What feeds the graph: artifacts that are imported, handed in, or carried along."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kfp.dsl import Artifact
from kfp.dsl.importer_component import ImporterComponent
from kfp.dsl.structures import (
    ComponentSpec,
    Implementation,
    ImporterSpec,
    InputSpec,
    OutputSpec,
)
from kfp.dsl.types.type_utils import create_bundled_artifact_type

from quantgate import tasks
from quantgate.argument import json_argument
from quantgate.components.carry_code.component import carry_code
from quantgate.pipelines.resources import Channel, runtime
from quantgate.spec.code import Code
from quantgate.spec.locations import scheme_of


@dataclass(frozen=True)
class Inputs:
    """What feeds the graph: the model, a SavedModel or a Keras file as the spec says.

    `sources` are the data that lies somewhere, by the names of the plan's run parameters, in most
    plans `calibration` and `evaluation`. `promote_to` as the plan needs it. `code` is what tasks
    take that call functions in the spec's `code`.
    """

    model: Channel
    sources: Mapping[str, Channel] = field(default_factory=dict)
    promote_to: Channel | None = None
    code: Mapping[str, Channel] = field(default_factory=dict)


def import_artifact(uri: Channel, artifact_class: type[Artifact], key: str) -> Channel:
    """Add a task that imports what is at a URI, and return the artifact.

    `dsl.importer` calls every such task "importer", and a display name cannot tell them apart:
    KFP's importer registers itself by that name, and its driver looks for the key of the task. So
    the key itself tells.
    """
    return _importer(artifact_class, key)(uri=uri).output


def _importer(artifact_class: type[Artifact], key: str) -> ImporterComponent:
    """Return the component of `dsl.importer`, by another name."""
    title, version = artifact_class.schema_title, artifact_class.schema_version
    kind = create_bundled_artifact_type(title, version)
    importing = ImporterSpec(
        artifact_uri="{{$.inputs.parameters['uri']}}",
        schema_title=kind,
        schema_version=version,
        reimport=False,
    )
    return ImporterComponent(
        ComponentSpec(
            name=key,
            implementation=Implementation(importer=importing),
            inputs={"uri": InputSpec(type="String")},
            outputs={"artifact": OutputSpec(type=kind)},
        )
    )


def bring_code(code: Code) -> dict[str, Channel]:
    """Add the task that has the user's file, and return what tasks take that call it."""
    return {"code": _code_artifact(code), "code_sha256": code.sha256}


def _code_artifact(code: Code) -> Channel:
    if scheme_of(code.file):
        return import_artifact(code.file, Artifact, tasks.IMPORT_CODE)
    task = carry_code(name=code.name, text=json_argument(code.text), sha256=code.sha256)
    return runtime(task, tasks.CARRY_CODE).outputs["code"]
