"""What stands for `dsl.importer`: an artifact that is there already."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from quantgate.local_runner.inputs import lookup_among
from quantgate.local_runner.outcome import Artifact
from quantgate.local_runner.placeholders import fill
from quantgate.local_runner.values import TaskError, Values, struct_to_python


def import_artifacts(component: Any, importer: Any, inputs: Values) -> Values:
    """Return the artifact that an `ImporterSpec` names.

    Raises:
        TaskError: there is nothing at its URI, or the URI is not a local one.
    """
    lookup = lookup_among(inputs.parameters, {})
    uri = importer.artifact_uri.constant.string_value
    parameter = importer.artifact_uri.runtime_parameter
    path = _local_path(str(inputs.parameters[parameter] if parameter else fill(uri, lookup)))
    name = next(iter(component.output_definitions.artifacts))
    return Values(
        artifacts={
            name: Artifact(
                name=name,
                uri=str(path),
                type=importer.type_schema.schema_title,
                schema_version=importer.type_schema.schema_version,
                metadata=fill(struct_to_python(importer.metadata), lookup),
            )
        }
    )


def _local_path(uri: str) -> Path:
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*)://", uri)
    if scheme and scheme.group(1) != "file":
        raise TaskError(
            f"cannot import {uri}: the local runner reads local paths; copy it to this machine"
        )
    path = Path(unquote(uri.removeprefix("file://"))) if scheme else Path(uri)
    path = path.expanduser().absolute()
    if not path.exists():
        raise TaskError(f"cannot import {path}: there is no such file or folder")
    return path
