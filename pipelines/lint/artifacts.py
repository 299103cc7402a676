"""Rules about artifacts: their types, URIs and metadata."""

from collections.abc import Iterator
from typing import Any

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import (
    Message,
    Task,
    component_of,
    executor_of,
    executors_of,
    part,
    tasks_of,
    text,
)
from quantgate.pipelines.lint.code import written_metadata
from quantgate.pipelines.lint.findings import Violation

_ANY = "system.Artifact"
_TYPES = frozenset(
    {
        _ANY,
        "system.ClassificationMetrics",
        "system.Dataset",
        "system.HTML",
        "system.Markdown",
        "system.Metrics",
        "system.Model",
        "system.SlicedClassificationMetrics",
    }
)


def artifact_type(file: PipelineFile) -> Iterator[Violation]:
    """Yield inputs that get an artifact of another type."""
    for task in tasks_of(file):
        taken = part(task.component, "inputDefinitions", "artifacts")
        sources = part(task.message, "inputs", "artifacts")
        for name in sorted(sources):
            wanted, given = _type(part(taken, name)), _type(_produced(file, task, sources[name]))
            if wanted and given and wanted != given and _ANY not in (wanted, given):
                yield Violation(
                    f"{task.place}, input `{name}`",
                    f"it takes {wanted} and gets {given}",
                    f"declare the same type for both, or {_ANY} for the input",
                )


def unknown_type(file: PipelineFile) -> Iterator[Violation]:
    """Yield types that KFP does not define. The UI has no view for them."""
    seen = set()
    for name, component in sorted(part(file.document, "components").items()):
        for kind in ("inputDefinitions", "outputDefinitions"):
            declared = part(component, kind, "artifacts")
            seen |= {(_type(part(declared, key)), name) for key in declared}
    for title, name in sorted(seen):
        if title not in _TYPES:
            yield Violation(
                f"component `{name}`",
                f"its artifact type `{title}` is not one of KFP's",
                f"use one of {', '.join(sorted(_TYPES))}, unless your platform knows it",
            )


def artifact_uri(file: PipelineFile) -> Iterator[Violation]:
    """Yield importers of URIs that a cluster cannot import."""
    for task in tasks_of(file):
        importer = part(executor_of(file, task.component), "importer")
        if not importer:
            continue
        uri = task.constants.get("uri", part(importer, "artifactUri").get("constant"))
        if isinstance(uri, str) and "://" not in uri and "{{$" not in uri:
            yield Violation(
                task.place,
                f"it imports {uri}, a path of one machine",
                "give a gs://, s3:// or minio:// URI, or make it a parameter of the pipeline",
            )
        if _made_by_a_task(task, importer):
            yield Violation(
                task.place,
                "its URI is the output of a task, and importers on a cluster only read parameters "
                "of their pipeline",
                "put the importer into a pipeline of its own, which takes the URI as a parameter",
            )


def _made_by_a_task(task: Task, importer: Message) -> bool:
    name = text(part(importer, "artifactUri"), "runtimeParameter")
    return "taskOutputParameter" in part(task.message, "inputs", "parameters", name)


def metadata_null(file: PipelineFile) -> Iterator[Violation]:
    """Yield metadata without a value, which fails the task."""
    for place, key, value in _metadata(file):
        if value is None:
            yield Violation(
                f"{place}, metadata `{key}`", "it is null, which fails the task", "leave it out"
            )


def metadata_type(file: PipelineFile) -> Iterator[Violation]:
    """Yield Boolean metadata. KFP's store has only texts and numbers."""
    for place, key, value in _metadata(file):
        if isinstance(value, bool):
            yield Violation(
                f"{place}, metadata `{key}`",
                f"it is {str(value).lower()}, and comes back as {int(value)}",
                'write it as text, "true" or "false"',
            )


def _metadata(file: PipelineFile) -> Iterator[tuple[str, str, Any]]:
    for executor in executors_of(file):
        metadata = part(executor.message, "importer", "metadata")
        for key in sorted(metadata):
            yield executor.place, key, metadata[key]
        outputs = part(executor.component, "outputDefinitions", "artifacts")
        for name in sorted(outputs):
            metadata = part(outputs, name, "metadata")
            for key in sorted(metadata):
                yield f"{executor.place}, output `{name}`", key, metadata[key]
        for name, key, value in written_metadata(executor):
            yield f"{executor.place}, output `{name}`", key, value


def _produced(file: PipelineFile, task: Task, source: Any) -> Message:
    """Return the definition of the artifact that a task gets."""
    output = part(source, "taskOutputArtifact")
    if output:
        producer = part(task.siblings, text(output, "producerTask"))
        made = component_of(file, producer)
        return part(made, "outputDefinitions", "artifacts", text(output, "outputArtifactKey"))
    name = text(part(source), "componentInputArtifact")
    return part(task.parent, "inputDefinitions", "artifacts", name)


def _type(definition: Message) -> str:
    return text(part(definition, "artifactType"), "schemaTitle")
