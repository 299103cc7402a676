"""Rules about artifacts: their types, where they lie, their metadata."""

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
from quantgate.pipelines.lint.findings import Found

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


def artifact_type(file: PipelineFile) -> Iterator[Found]:
    """Yield inputs of one type that are given an artifact of another."""
    for task in tasks_of(file):
        taken = part(task.component, "inputDefinitions", "artifacts")
        sources = part(task.message, "inputs", "artifacts")
        for name in sorted(sources):
            wanted, given = _type(part(taken, name)), _type(_produced(file, task, sources[name]))
            if wanted and given and wanted != given and _ANY not in (wanted, given):
                yield Found(
                    f"{task.place}, input `{name}`",
                    f"it takes {wanted} and is given {given}",
                    f"declare both alike, or the input as {_ANY}",
                )


def unknown_type(file: PipelineFile) -> Iterator[Found]:
    """Yield types that are none of KFP's, which the UI shows as nothing in particular."""
    seen = set()
    for name, component in sorted(part(file.document, "components").items()):
        for kind in ("inputDefinitions", "outputDefinitions"):
            declared = part(component, kind, "artifacts")
            seen |= {(_type(part(declared, key)), name) for key in declared}
    for title, name in sorted(seen):
        if title not in _TYPES:
            yield Found(
                f"component `{name}`",
                f"its artifact type `{title}` is none of KFP's",
                f"use one of {', '.join(sorted(_TYPES))}, unless your platform knows it",
            )


def artifact_uri(file: PipelineFile) -> Iterator[Found]:
    """Yield importers of what a cluster cannot import."""
    for task in tasks_of(file):
        importer = part(executor_of(file, task.component), "importer")
        if not importer:
            continue
        uri = task.constants.get("uri", part(importer, "artifactUri").get("constant"))
        if isinstance(uri, str) and "://" not in uri and "{{$" not in uri:
            yield Found(
                task.place,
                f"it imports {uri}, a path of one machine",
                "give a gs://, s3:// or minio:// URI, or make it a parameter of the pipeline",
            )
        if _made_by_a_task(task, importer):
            yield Found(
                task.place,
                "its URI is the output of a task, and importers of a cluster read parameters of "
                "their pipeline alone",
                "put the importer into a pipeline of its own, which takes the URI as a parameter",
            )


def _made_by_a_task(task: Task, importer: Message) -> bool:
    name = text(part(importer, "artifactUri"), "runtimeParameter")
    return "taskOutputParameter" in part(task.message, "inputs", "parameters", name)


def metadata_null(file: PipelineFile) -> Iterator[Found]:
    """Yield metadata without a value, which fails the task."""
    for place, key, value in _metadata(file):
        if value is None:
            yield Found(
                f"{place}, metadata `{key}`", "it is null, which fails the task", "leave it out"
            )


def metadata_type(file: PipelineFile) -> Iterator[Found]:
    """Yield metadata that comes back as a number: KFP's store has texts and numbers."""
    for place, key, value in _metadata(file):
        if isinstance(value, bool):
            yield Found(
                f"{place}, metadata `{key}`",
                f"it is {str(value).lower()}, and comes back as {int(value)}",
                'write it as a text, "true" or "false"',
            )


def _metadata(file: PipelineFile) -> Iterator[tuple[str, str, Any]]:
    for executor in executors_of(file):
        found = part(executor.message, "importer", "metadata")
        for key in sorted(found):
            yield executor.place, key, found[key]
        outputs = part(executor.component, "outputDefinitions", "artifacts")
        for name in sorted(outputs):
            found = part(outputs, name, "metadata")
            for key in sorted(found):
                yield f"{executor.place}, output `{name}`", key, found[key]
        for name, key, value in written_metadata(executor):
            yield f"{executor.place}, output `{name}`", key, value


def _produced(file: PipelineFile, task: Task, source: Any) -> Message:
    """Return the definition of the artifact that a task is given."""
    output = part(source, "taskOutputArtifact")
    if output:
        producer = part(task.siblings, text(output, "producerTask"))
        made = component_of(file, producer)
        return part(made, "outputDefinitions", "artifacts", text(output, "outputArtifactKey"))
    name = text(part(source), "componentInputArtifact")
    return part(task.parent, "inputDefinitions", "artifacts", name)


def _type(definition: Message) -> str:
    return text(part(definition, "artifactType"), "schemaTitle")
