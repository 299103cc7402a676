"""Read a compiled KFP v2 pipeline."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kfp
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from quantgate.errors import PipelineError
from quantgate.foundation.pipeline_file import not_compiled, read_documents
from quantgate.local_runner.ir.platforms import secrets_of, time_limits
from quantgate.local_runner.ir.task_tree import TaskNode, TaskReader
from quantgate.local_runner.ir.unsupported import unsupported

_NEWEST_SCHEMA = (2, 1, 0)


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that the local runner can run.

    Attributes:
        name: its name.
        compiler: the version of kfp that compiled it, or "" if the file does not say.
        root: its tasks.
    """

    name: str
    compiler: str
    root: TaskNode

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The `ParameterSpec` of each of its inputs, by name."""
        definitions: Mapping[str, Any] = self.root.component.input_definitions.parameters
        return definitions


def read_pipeline(path: Path) -> Pipeline:
    """Read a compiled pipeline and check that the local runner supports all of it.

    Raises:
        PipelineError: the file is not a complete KFP v2 pipeline, or uses unsupported features.
            The message names all of them.
    """
    documents = _documents(path)
    spec, deployment = _parse(path, documents[0])
    platforms = [_parse_platforms(path, document) for document in documents[1:]]
    problems = unsupported(spec, deployment, platforms)
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise PipelineError(f"{path}: the local runner cannot run this pipeline:\n{listed}")
    reader = TaskReader(
        components=spec.components,
        executors=deployment.executors,
        secrets=secrets_of(platforms),
        time_limits=time_limits(platforms),
    )
    compiler = spec.sdk_version.removeprefix("kfp-")
    return Pipeline(spec.pipeline_info.name, compiler, reader.root(spec.root))


def _documents(path: Path) -> list[dict[str, Any]]:
    try:
        _, documents = read_documents(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PipelineError(f"{path}: cannot be read ({reason})") from error
    mappings = [document for document in documents if document is not None]
    if not mappings or not all(isinstance(document, dict) for document in mappings):
        raise PipelineError(not_compiled(path, "it holds no mapping"))
    return mappings


def _parse(path: Path, document: dict[str, Any]) -> tuple[Any, Any]:
    _check_complete(path, document)
    try:
        spec = json_format.ParseDict(document, pipeline_spec_pb2.PipelineSpec())
        deployment = json_format.ParseDict(
            document["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig()
        )
    except json_format.ParseError as error:
        raise PipelineError(_unknown(path, document, str(error))) from error
    except (AttributeError, TypeError, ValueError) as error:
        raise PipelineError(not_compiled(path, f"KFP cannot read it: {error}")) from error
    return spec, deployment


def _parse_platforms(path: Path, document: dict[str, Any]) -> dict[str, Any]:
    """Return the `PlatformSpec` of one platform as JSON data."""
    try:
        message = json_format.ParseDict(document, pipeline_spec_pb2.PlatformSpec())
    except json_format.ParseError as error:
        reason = str(error).split("\n", 1)[0]
        raise PipelineError(not_compiled(path, f"KFP cannot read it: {reason}")) from error
    return dict(json_format.MessageToDict(message))


def _unknown(path: Path, document: dict[str, Any], problem: str) -> str:
    match = re.search(r'has no field named "([^"]+)"', problem)
    compiler = str(document.get("sdkVersion", "")).removeprefix("kfp-")
    if not match or _numbers(compiler) <= _numbers(kfp.__version__):
        return not_compiled(path, f"KFP cannot read it: {problem}")
    field = match.group(1)
    lines = path.read_text("utf-8").splitlines()
    numbers = [n for n, line in enumerate(lines, start=1) if re.match(rf'\W*{field}"?:', line)]
    where = f"{path}:{numbers[0]}" if numbers else str(path)
    return (
        f"{where}: `{field}` is not known to kfp {kfp.__version__}, and the pipeline was compiled "
        f"by kfp {compiler}. Compile it with the older version or upgrade quantgate"
    )


def is_newer(compiler: str) -> bool:
    """Return whether a version of kfp is a later minor version than the installed one."""
    return _numbers(compiler)[:2] > _numbers(kfp.__version__)[:2]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def _check_complete(path: Path, document: dict[str, Any]) -> None:
    if "apiVersion" in document:
        raise PipelineError(
            f"{path}: a Kubernetes manifest, which is for a cluster. Compile the pipeline for the "
            "local runner without `kubernetes_manifest_format`"
        )
    needed = ("pipelineInfo", "deploymentSpec", "root", "schemaVersion")
    missing = [key for key in needed if key not in document]
    if missing:
        keys = ", ".join(f"`{key}`" for key in missing)
        raise PipelineError(not_compiled(path, f"{keys} is missing (the file may be truncated)"))
    version = str(document["schemaVersion"])
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise PipelineError(not_compiled(path, f"its schemaVersion is `{version}`"))
    if tuple(map(int, version.split("."))) > _NEWEST_SCHEMA:
        newest = ".".join(map(str, _NEWEST_SCHEMA))
        raise PipelineError(
            f"{path}: schemaVersion {version} is newer than {newest}, the newest that the local "
            "runner supports. Compile the pipeline with kfp 2.17 or upgrade quantgate"
        )
