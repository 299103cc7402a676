"""Estimate `--executor_input`, the argument with all inputs of a task.

KFP writes every artifact of every list into it, with its URI and the session of its storage.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Message, Task, part, text
from quantgate.pipelines.lint.origins import Origin, origins_of

#: KFP's default for a run without a pipeline root.
_DEFAULT_ROOT = "minio://mlpipeline/v2/artifacts"
_UUID = "00000000-0000-0000-0000-000000000000"
_ID = "1000000"
_OBJECT_STORE = {
    "accessKeyKey": "accesskey",
    "disableSSL": "true",
    "endpoint": "minio-service.kubeflow:9000",
    "fromEnv": "false",
    "maxRetries": "5",
    "region": "minio",
    "secretKeyKey": "secretkey",
    "secretName": "mlpipeline-minio-artifact",
}
#: The longest `Params` of a session by the scheme of the pipeline root.
_SESSIONS: Mapping[str, Mapping[str, str]] = {
    "gs": {"fromEnv": "true"},
    "s3": {**_OBJECT_STORE, "forcePathStyle": "true", "region": "ap-southeast-1"},
    "minio": _OBJECT_STORE,
}


@dataclass(frozen=True)
class Estimate:
    """The size of a task's `--executor_input`.

    Attributes:
        fixed: bytes of everything but collected artifacts.
        collected: bytes of the collected artifacts.
        items: the artifacts in the longest list.
        loops: the keys of the loops from which that list is collected.
    """

    fixed: int
    collected: int
    items: int
    loops: tuple[str, ...]

    @property
    def size(self) -> int:
        """The total number of bytes."""
        return self.fixed + self.collected

    def most_items(self, limit: int) -> int:
        """Return how many items a list may have so that the argument stays within a limit."""
        return max(0, (limit - self.fixed) * self.items // self.collected)


def estimate(file: PipelineFile, task: Task) -> Estimate:
    """Estimate the argument of a task. Loops over unknown items count as one iteration."""
    lists = list(_lists(file, task))
    single = part(task.message, "inputs", "artifacts").keys() - {name for name, _, _ in lists}
    longest = max(lists, key=lambda each: each[2], default=("", None, 1))
    return Estimate(
        fixed=argument_bytes(_outline(file, task, single)),
        collected=sum(_list_bytes(file, *each) for each in lists),
        items=longest[2],
        loops=tuple(loop.key for loop in longest[1].loops) if longest[1] else (),
    )


def argument_bytes(value: Any) -> int:
    """Return the bytes of a value as KFP writes it. Some builds put a space after commas."""
    return len(
        json.dumps(value, ensure_ascii=False, default=str, separators=(", ", ":")).encode(
            errors="replace"
        )
    )


def _lists(file: PipelineFile, task: Task) -> Iterator[tuple[str, Origin, int]]:
    """Yield name, origin and length of each input that is collected from loops."""
    for name, origin in origins_of(file, task, "artifacts"):
        if origin.loops:
            yield name, origin, prod(max(1, len(loop.items)) for loop in origin.loops)


def _list_bytes(file: PipelineFile, name: str, origin: Origin, length: int) -> int:
    declared = part(origin.component, "outputDefinitions", "artifacts", origin.output)
    one = _artifact(file, origin.maker.key, origin.output, part(declared, "metadata"))
    return argument_bytes({name: {"artifacts": []}}) + length * (argument_bytes(one) + 2)


def _outline(file: PipelineFile, task: Task, single: set[str]) -> Message:
    """Return the executor's input without collected artifacts."""
    outputs = part(task.component, "outputDefinitions")
    return {
        "inputs": {
            "parameterValues": task.constants,
            "artifacts": {
                name: {"artifacts": [_artifact(file, task.key, name, {})]} for name in single
            },
        },
        "outputs": {
            "parameters": {
                name: {"outputFile": f"/tmp/kfp/outputs/{name}"}
                for name in part(outputs, "parameters")
            },
            "artifacts": {
                name: {"artifacts": [_artifact(file, task.key, name, {})]}
                for name in part(outputs, "artifacts")
            },
            "outputFile": f"{_folder(file, task.key)}/output_metadata.json",
        },
    }


def _artifact(file: PipelineFile, task: str, output: str, metadata: Message) -> Message:
    """Return a `RuntimeArtifact` as a task outputs it."""
    scheme = _root(file).partition("://")[0]
    session = {"Provider": scheme, "Params": _SESSIONS.get(scheme, _OBJECT_STORE)}
    return {
        "name": _ID,
        "type": {"instanceSchema": ""},
        "uri": f"{_folder(file, task)}/{output}",
        "metadata": {
            "display_name": output,
            "store_session_info": json.dumps(session, separators=(",", ":")),
            **metadata,
        },
    }


def _folder(file: PipelineFile, task: str) -> str:
    name = text(part(file.document, "pipelineInfo"), "name")
    return f"{_root(file)}/{name}/{_UUID}/{task}/{_UUID}"


def _root(file: PipelineFile) -> str:
    return (text(file.document, "defaultPipelineRoot") or _DEFAULT_ROOT).partition("?")[0]
