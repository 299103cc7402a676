"""Run `dsl.importer` tasks: find an existing artifact by its URI."""

import re
from pathlib import Path
from urllib.parse import unquote

from quantgate.foundation.files import is_named_pipe
from quantgate.local_runner.ir.placeholders import fill, input_lookup
from quantgate.local_runner.ir.values import TaskError, Values, struct_to_python
from quantgate.local_runner.records.results import Artifact
from quantgate.local_runner.storage.sources import Sources
from quantgate.local_runner.tasks.step import Step


async def import_artifact(step: Step, sources: Sources, log: Path | None) -> Values:
    """Return the artifact that an importer names. Content in storage is fetched.

    Raises:
        TaskError: nothing is at its URI, or it cannot be fetched.
    """
    importer = step.task.executor.importer  # type: ignore[union-attr]
    lookup = input_lookup(step.inputs.parameters)
    uri = importer.artifact_uri.constant.string_value
    parameter = importer.artifact_uri.runtime_parameter
    place = str(step.inputs.parameters[parameter] if parameter else fill(uri, lookup))
    path = await sources.place_of(place, log) if is_remote(place) else _local_path(place)
    name = next(iter(step.task.component.output_definitions.artifacts))
    artifact = Artifact(
        name=name,
        uri=str(path),
        type=importer.type_schema.schema_title,
        schema_version=importer.type_schema.schema_version,
        metadata=fill(struct_to_python(importer.metadata), lookup),
    )
    return Values(artifacts={name: artifact})


def is_remote(place: str) -> bool:
    """Return whether a place is a URI of content that is not on this machine."""
    return re.match(r"(?!file:)[a-zA-Z][a-zA-Z0-9+.-]*://", place) is not None


def _local_path(uri: str) -> Path:
    if not uri:
        raise TaskError("cannot import anything: its URI is empty. Give it a file or folder")
    is_uri = uri.startswith("file://")
    path = Path(unquote(uri.removeprefix("file://"))) if is_uri else Path(uri)
    path = path.expanduser().absolute()
    if not path.exists():
        raise TaskError(f"cannot import {path}: there is no such file or folder")
    if is_named_pipe(path):
        raise TaskError(f"cannot import {path}: it is a named pipe. Give it a file or folder")
    return path
