"""The contract of KFP's launcher: the input of a task, and the outputs that it has to write.

The two JSON documents are `ExecutorInput` and `ExecutorOutput` of KFP's pipeline_spec.proto.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kfp.pipeline_spec import pipeline_spec_pb2

from quantgate.local_runner.ir.values import TaskError, Values, struct_to_python
from quantgate.local_runner.records.results import Artifact
from quantgate.local_runner.tasks.executor_output import read_executor_output, read_parameter
from quantgate.local_runner.tasks.uploads import copy_from_custom_path, leave_as_uploaded

_OUTPUT_FILE = "executor_output.json"

#: Linux's limit for one argument of a command. The executor input is one argument.
_MOST_BYTES = 128 * 1024 - 1


def executor_input(component: Any, inputs: Values, folder: Path) -> dict[str, Any]:
    """Return the `ExecutorInput` of a task with its outputs in `folder`.

    Raises:
        TaskError: the inputs are too long to start the task on a cluster.
    """
    outputs = component.output_definitions
    document = {
        "inputs": {
            "parameterValues": inputs.parameters,
            "artifacts": {name: _message(value) for name, value in inputs.artifacts.items()},
        },
        "outputs": {
            "parameters": {
                name: {"outputFile": str(folder / name)} for name in sorted(outputs.parameters)
            },
            "artifacts": {
                name: _message(_planned(name, outputs.artifacts[name], folder))
                for name in sorted(outputs.artifacts)
            },
            "outputFile": str(folder / _OUTPUT_FILE),
        },
    }
    size = len(json.dumps(document, ensure_ascii=False).encode())
    if size > _MOST_BYTES:
        raise TaskError(
            f"its inputs have {size:,} bytes as one argument, but Linux takes {_MOST_BYTES:,} on a "
            "cluster. Pass long values as an artifact"
        )
    return document


def _planned(name: str, definition: Any, folder: Path) -> Artifact:
    return Artifact(
        name=name,
        uri=str(folder / name),
        type=definition.artifact_type.schema_title,
        schema_version=definition.artifact_type.schema_version,
        metadata=struct_to_python(definition.metadata),
    )


def _message(value: Artifact | list[Artifact]) -> dict[str, Any]:
    artifacts = value if isinstance(value, list) else [value]
    return {
        "artifacts": [
            {
                "name": artifact.name,
                "type": {
                    "schemaTitle": artifact.type,
                    "schemaVersion": artifact.schema_version,
                },
                "uri": artifact.uri,
                "metadata": dict(artifact.metadata),
            }
            for artifact in artifacts
        ]
    }


#: Artifacts that are only metadata and need no file.
_IN_METADATA = frozenset(
    f"system.{kind}Metrics" for kind in ("", "Classification", "SlicedClassification")
)


def read_outputs(component: Any, folder: Path, work: Path) -> tuple[Values, list[str]]:
    """Return the outputs of a finished task, and warnings about artifacts that it did not write.

    Args:
        component: its `ComponentSpec`.
        folder: the folder of its outputs. An artifact at a custom path is copied there.
        work: its working directory.

    Raises:
        TaskError: an output parameter is missing or of the wrong type, metadata has no value, or
            an artifact contains a link. The message names it.
    """
    written = read_executor_output(folder / _OUTPUT_FILE)
    definitions = component.output_definitions
    parameters = {
        name: read_parameter(name, definitions.parameters[name], written, folder / name)
        for name in sorted(definitions.parameters)
    }
    artifacts: dict[str, Artifact | list[Artifact]] = {}
    warnings = []
    for name in sorted(definitions.artifacts):
        definition = definitions.artifacts[name]
        planned = _planned(name, definition, folder)
        reported = _reported(written, name)
        artifact = _as_reported(planned, reported)
        if reported.custom_path:
            copy_from_custom_path(work / reported.custom_path, planned.path)
        leave_as_uploaded(name, planned.path)
        warnings += _boolean_warnings(artifact)
        artifacts[name] = replace(artifact, metadata=_as_stored(artifact.metadata))
        is_file = definition.artifact_type.schema_title not in _IN_METADATA
        if is_file and "://" not in artifact.uri and not artifact.path.exists():
            warnings.append(f"the output artifact `{name}` was not written")
    return Values(parameters, artifacts), warnings


def _boolean_warnings(artifact: Artifact) -> list[str]:
    return [
        f"output artifact `{artifact.name}`: its metadata `{key}` is {value}, which a cluster "
        f"passes on as {int(value)}"
        for key, value in sorted(artifact.metadata.items())
        if isinstance(value, bool)
    ]


def _as_stored(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata as KFP's store returns it, without booleans."""
    return {
        key: int(value) if isinstance(value, bool) else value for key, value in metadata.items()
    }


def _reported(written: Any, name: str) -> Any:
    """Return the `RuntimeArtifact` that a task reported, or an empty one."""
    listed = written.artifacts[name].artifacts if name in written.artifacts else ()
    return listed[0] if listed else pipeline_spec_pb2.RuntimeArtifact()


def _as_reported(planned: Artifact, reported: Any) -> Artifact:
    """Return an artifact with the name, URI and metadata that its task reported."""
    metadata = struct_to_python(reported.metadata)
    for key, value in metadata.items():
        if value is None:
            raise TaskError(f"output artifact `{planned.name}`: its metadata `{key}` is null")
    return replace(
        planned,
        name=reported.name or planned.name,
        uri=reported.uri or planned.uri,
        metadata={**planned.metadata, **metadata},
    )
