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

from quantgate.components.carry_code.component import carry_code
from quantgate.components.fingerprint.component import fingerprint
from quantgate.foundation.json_argument import json_argument
from quantgate.pipelines.graph.resources import Channel, runtime
from quantgate.planning import tasks
from quantgate.spec.model.code import Code
from quantgate.spec.model.locations import scheme_of

#: With this variable the local runner, which compares contents, may cache what KFP must not.
CACHE_BY_CONTENT = "QUANTGATE_CACHE_BY_CONTENT"


@dataclass(frozen=True)
class Source:
    """An artifact that tasks take; `content` is its fingerprint where it was imported by URI."""

    artifact: Channel
    content: Channel | None = None

    def given_as(self, name: str) -> dict[str, Channel]:
        """Return the inputs of a task that takes the artifact by a name."""
        content = {} if self.content is None else {"content": self.content}
        return {name: self.artifact, **content}


@dataclass(frozen=True)
class Inputs:
    """What feeds the graph: the model, a SavedModel or a Keras file as the spec says.

    `sources` are the data that lies somewhere, by the names of the plan's run parameters, in most
    plans `calibration` and `evaluation`. `promote_to` as the plan needs it. `code` is what tasks
    take that call functions in the spec's `code`.
    """

    model: Source
    sources: Mapping[str, Source] = field(default_factory=dict)
    promote_to: Channel | None = None
    code: Mapping[str, Channel] = field(default_factory=dict)


def import_source(uri: Channel, artifact_class: type[Artifact], key: str) -> Source:
    """Add a task that imports what is at a URI, and one that tells what it is now.

    KFP gives all that was ever at a URI the same identity, by which its cache knows it.
    """
    artifact = import_artifact(uri, artifact_class, key)
    task = runtime(fingerprint(artifact=artifact), tasks.fingerprint_title(key))
    task.set_caching_options(False).set_env_variable(CACHE_BY_CONTENT, "true")
    return Source(artifact, task.output)


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
