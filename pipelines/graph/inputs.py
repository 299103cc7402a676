"""Inputs of the graph: artifacts that are imported or passed, and the user's code."""

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
from quantgate.components.list_source.component import list_source
from quantgate.foundation.json_argument import json_argument
from quantgate.pipelines.graph.resources import Channel, runtime
from quantgate.planning import tasks
from quantgate.spec.model.code import Code
from quantgate.spec.model.locations import scheme_of

#: This variable allows the local runner, which compares contents, to cache a task.
CACHE_BY_CONTENT = "QUANTGATE_CACHE_BY_CONTENT"


@dataclass(frozen=True)
class Source:
    """An artifact that tasks take.

    Attributes:
        artifact: the artifact.
        content: its fingerprint if it was imported by URI, or None.
        sha256: hash of the file that it was exported from, or None.
    """

    artifact: Channel
    content: Channel | None = None
    sha256: Channel | None = None

    def given_as(self, name: str) -> dict[str, Channel]:
        """Return the inputs of a task that takes the artifact under a name."""
        content = {} if self.content is None else {"content": self.content}
        return {name: self.artifact, **content}


@dataclass(frozen=True)
class Inputs:
    """The inputs of the graph.

    Attributes:
        model: the SavedModel or Keras file.
        sources: the data by the names of the plan's run parameters, mostly `calibration` and
            `evaluation`.
        listings: lists of the files of data that no task downloads whole, by the same names.
        promote_to: the folder to publish in, if the plan promotes.
        code: the inputs of tasks that call functions of the spec's `code`.
    """

    model: Source
    sources: Mapping[str, Source] = field(default_factory=dict)
    listings: Mapping[str, Channel] = field(default_factory=dict)
    promote_to: Channel | None = None
    code: Mapping[str, Channel] = field(default_factory=dict)


def import_source(uri: Channel, artifact_class: type[Artifact], key: str) -> Source:
    """Add a task that imports the content of a URI, and one that computes its fingerprint.

    KFP gives all content of a URI the same identity, so its cache does not notice changes.
    """
    artifact = import_artifact(uri, artifact_class, key)
    task = runtime(fingerprint(artifact=artifact), tasks.fingerprint_title(key))
    task.set_caching_options(False).set_env_variable(CACHE_BY_CONTENT, "true")
    return Source(artifact, task.output)


def list_files(uri: Channel, name: str) -> Channel:
    """Add the tasks that list the files at a URI, and return the list as an artifact.

    Args:
        uri: the URI.
        name: that of the run parameter.
    """
    listing, keeping = tasks.listing_titles(name)
    found = runtime(list_source(uri=uri), listing).set_caching_options(False)
    # A task that comes from the cache if nothing has changed, and gives others the same artifact.
    kept = runtime(list_source(uri=uri, content=found.outputs["Output"]), keeping)
    return kept.outputs["listing"]


def import_artifact(uri: Channel, artifact_class: type[Artifact], key: str) -> Channel:
    """Add a task that imports the content of a URI, and return the artifact.

    `dsl.importer` gives every such task the key "importer". A display name does not help, because
    KFP's importer registers itself by that name, while the driver looks for the key. So this task
    has a key of its own.
    """
    return _importer(artifact_class, key)(uri=uri).output


def _importer(artifact_class: type[Artifact], key: str) -> ImporterComponent:
    """Return the component of `dsl.importer` under another name."""
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
    """Add the task that provides the user's code, and return the inputs of tasks that call it."""
    return {"code": _code_artifact(code), "code_sha256": code.sha256}


def _code_artifact(code: Code) -> Channel:
    if scheme_of(code.file):
        return import_artifact(code.file, Artifact, tasks.IMPORT_CODE)
    task = carry_code(name=code.name, text=json_argument(code.text), sha256=code.sha256)
    return runtime(task, tasks.CARRY_CODE).outputs["code"]
