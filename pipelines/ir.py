"""Walk over the tasks and executors of a compiled pipeline, which may be damaged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from quantgate.foundation.pipeline_file import PipelineFile

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A task in its pipeline.

    Attributes:
        path: its keys from the root, joined by dots.
        message: the `PipelineTaskSpec`.
        component: its `ComponentSpec`, or empty if the file has none.
        siblings: the tasks of its pipeline, by key.
        parent: the component that is its pipeline.
    """

    path: str
    message: Message
    component: Message
    siblings: Message
    parent: Message

    @property
    def key(self) -> str:
        """The key in its pipeline."""
        return self.path.rpartition(".")[2]

    @property
    def place(self) -> str:
        """The name in messages."""
        return f"task `{self.path}`"

    @property
    def is_dag(self) -> bool:
        """True for a task with inner tasks: a nested pipeline, a loop or a branch."""
        return bool(part(self.component, "dag"))

    @property
    def constants(self) -> dict[str, Any]:
        """The parameters that are constants in the file."""
        given = part(self.message, "inputs", "parameters")
        values = {name: part(given, name, "runtimeValue") for name in given}
        return {name: value["constant"] for name, value in values.items() if "constant" in value}


@dataclass(frozen=True)
class Executor:
    """The container or importer that runs tasks.

    Attributes:
        name: its name.
        message: the `ExecutorSpec`.
        component: the `ComponentSpec` that uses it, or empty.
        kubernetes: its `KubernetesExecutorConfig`, or empty.
    """

    name: str
    message: Message
    component: Message
    kubernetes: Message

    @property
    def place(self) -> str:
        """The name in messages."""
        return f"executor `{self.name}`"

    @property
    def container(self) -> Message:
        """The `PipelineContainerSpec`, or empty for an importer."""
        return part(self.message, "container")


def part(message: Any, *keys: str) -> Message:
    """Return the message under some keys, or an empty one."""
    for key in keys:
        message = message.get(key) if isinstance(message, Mapping) else None
    return message if isinstance(message, Mapping) else {}


def text(message: Message, key: str) -> str:
    """Return the text under a key, or ""."""
    value = message.get(key)
    return value if isinstance(value, str) else ""


def texts(message: Message, key: str) -> list[str]:
    """Return the texts of the list under a key, or none."""
    listed = message.get(key)
    return list(map(str, listed)) if isinstance(listed, list) else []


def parts(message: Message, key: str) -> list[Message]:
    """Return the messages of the list under a key, or none."""
    listed = message.get(key)
    return [part(item) for item in listed] if isinstance(listed, list) else []


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in a value, including the keys of mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)


def producers_of(task: Message) -> set[str]:
    """Return the keys of the tasks that a task waits for."""
    named = set(texts(task, "dependentTasks"))
    for kind in ("parameters", "artifacts"):
        for source in part(task, "inputs", kind).values():
            for key in ("taskOutputParameter", "taskOutputArtifact", "taskFinalStatus"):
                named.add(text(part(source, key), "producerTask"))
    return named - {""}


def tasks_of(file: PipelineFile) -> Iterator[Task]:
    """Yield every task, including those in nested pipelines, loops and branches."""
    return _inside(file, part(file.document, "root"), "", ())


def executors_of(file: PipelineFile) -> Iterator[Executor]:
    """Yield every executor."""
    users = {
        text(component, "executorLabel"): component
        for component in part(file.document, "components").values()
        if isinstance(component, Mapping)
    }
    executors = part(file.document, "deploymentSpec", "executors")
    settings = part(file.platforms, "platforms", "kubernetes", "deploymentSpec", "executors")
    for name in sorted(executors):
        yield Executor(name, part(executors, name), users.get(name, {}), part(settings, name))


def executor_of(file: PipelineFile, component: Message) -> Message:
    """Return the executor of a component, or an empty one."""
    label = text(component, "executorLabel")
    return part(file.document, "deploymentSpec", "executors", label)


def component_of(file: PipelineFile, task: Message) -> Message:
    """Return the component of a task, or an empty one."""
    return part(file.document, "components", text(part(task, "componentRef"), "name"))


def _inside(
    file: PipelineFile, parent: Message, path: str, around: tuple[str, ...]
) -> Iterator[Task]:
    siblings = part(parent, "dag", "tasks")
    for key in sorted(siblings):
        message = part(siblings, key)
        name = text(part(message, "componentRef"), "name")
        component = component_of(file, message)
        yield Task(f"{path}{key}", message, component, siblings, parent)
        if name not in around:
            yield from _inside(file, component, f"{path}{key}.", (*around, name))
