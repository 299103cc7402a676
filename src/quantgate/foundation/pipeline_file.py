"""The file of a compiled KFP pipeline, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from quantgate.errors import PipelineError, UsageError
from quantgate.foundation.files import is_named_pipe
from quantgate.foundation.hashing import sha256_of_file

#: The C parser is ten times as fast. PyYAML may be built without it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DIGITS = 12
#: The API group of the manifests that kfp writes.
_GROUP = "pipelines.kubeflow.org/"
_SECTIONS = ("pipelineInfo", "deploymentSpec", "root")


@dataclass(frozen=True)
class PipelineFile:
    """A compiled pipeline.

    Attributes:
        document: the IR, with `components`, `deploymentSpec`, `root` and so on.
        size: size of the whole file in bytes.
        platforms: the second document, with settings for single platforms. Empty if there is none.
    """

    document: dict[str, Any]
    size: int
    platforms: dict[str, Any] = field(default_factory=dict)


def read_pipeline_file(path: Path) -> PipelineFile:
    """Read a compiled pipeline: KFP's own YAML, or Kubernetes manifests.

    Raises:
        UsageError: the file cannot be read.
        PipelineError: the file is not a KFP v2 pipeline.
    """
    content, documents = _read(path)
    document, platforms = _parts_of(path, documents)
    if not isinstance(document, dict):
        raise PipelineError(not_compiled(path, "it holds no mapping"))
    for section in _SECTIONS:
        if not isinstance(document.get(section), dict):
            raise PipelineError(not_compiled(path, f"it has no section `{section}`"))
    return PipelineFile(document, len(content), platforms if isinstance(platforms, dict) else {})


def _read(path: Path) -> tuple[bytes, list[Any]]:
    if is_named_pipe(path):
        raise UsageError(f"{path} is a named pipe. Name a compiled pipeline")
    try:
        return read_documents(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path}: cannot be read ({reason}). Name a compiled pipeline") from error


def read_documents(path: Path) -> tuple[bytes, list[Any]]:
    """Return the content of a file and its YAML documents.

    Raises:
        OSError: the file cannot be read.
        PipelineError: the file is not YAML.
    """
    content = path.read_bytes()
    try:
        return content, list(yaml.load_all(content.decode(), Loader=_LOADER))
    except UnicodeDecodeError as error:
        raise PipelineError(not_compiled(path, "it is not text")) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1} is not YAML" if mark else "it is not YAML"
        raise PipelineError(not_compiled(path, where)) from error


def version_of(path: Path) -> str:
    """Return the default name of a pipeline's version, a hash of its file."""
    return sha256_of_file(path)[:_DIGITS]


def _parts_of(path: Path, documents: Sequence[Any]) -> tuple[Any, Any]:
    """Return a pipeline and its settings for platforms, from IR or from a manifest."""
    first, second, *_ = [*documents, None, None]
    if not _is_manifest(first):
        return first, second
    manifests = [document for document in documents if _is_manifest(document)]
    versions = [manifest for manifest in manifests if manifest.get("kind") == "PipelineVersion"]
    if len(versions) != 1:
        raise PipelineError(
            f"{path}: {len(versions)} PipelineVersion manifests. Give a file that holds one"
        )
    spec = versions[0].get("spec")
    spec = spec if isinstance(spec, dict) else {}
    return spec.get("pipelineSpec"), spec.get("platformSpec")


def _is_manifest(document: object) -> bool:
    return isinstance(document, dict) and str(document.get("apiVersion")).startswith(_GROUP)


def not_compiled(path: Path, reason: str) -> str:
    """Return the message for a file that is not a KFP v2 pipeline."""
    because = reason.removesuffix(".")
    return f"{path}: not a pipeline compiled by KFP v2, because {because}. Compile it again"
