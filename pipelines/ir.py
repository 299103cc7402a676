"""A walk over the tasks and executors of a compiled pipeline, which may have been damaged."""

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
        component: its `ComponentSpec`, empty where the file has none.
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
        """Its key among its siblings."""
        return self.path.rpartition(".")[2]

    @property
    def place(self) -> str:
        """Its name in messages."""
        return f"task `{self.path}`"

    @property
    def is_dag(self) -> bool:
        """Whether it has tasks of its own: a nested pipeline, a loop, a branch."""
        return bool(part(self.component, "dag"))

    @property
    def constants(self) -> dict[str, Any]:
        """The parameters that are written down in the file."""
        given = part(self.message, "inputs", "parameters")
        found = {name: part(given, name, "runtimeValue") for name in given}
        return {name: value["constant"] for name, value in found.items() if "constant" in value}


@dataclass(frozen=True)
class Executor:
    """The container or importer that runs tasks, and its component.

    Attributes:
        kubernetes: its `KubernetesExecutorConfig`, empty where it has none.
    """

    name: str
    message: Message
    component: Message
    kubernetes: Message

    @property
    def place(self) -> str:
        """Its name in messages."""
        return f"executor `{self.name}`"

    @property
    def container(self) -> Message:
        """Its `PipelineContainerSpec`, empty for an importer."""
        return part(self.message, "container")


def part(message: Any, *keys: str) -> Message:
    """Return what lies under keys, empty where nothing does."""
    for key in keys:
        message = message.get(key) if isinstance(message, Mapping) else None
    return message if isinstance(message, Mapping) else {}


def text(message: Message, key: str) -> str:
    """Return the text that lies under a key, empty where there is none."""
    found = message.get(key)
    return found if isinstance(found, str) else ""


def texts(message: Message, key: str) -> list[str]:
    """Return the texts of a list that lies under a key, empty where there is none."""
    found = message.get(key)
    return list(map(str, found)) if isinstance(found, list) else []


def parts(message: Message, key: str) -> list[Message]:
    """Return the messages of a list that lies under a key, empty where there is none."""
    listed = message.get(key)
    return [part(item) for item in listed] if isinstance(listed, list) else []


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in a value, keys of mappings included."""
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
    """Return the keys of the tasks that one waits for."""
    named = set(texts(task, "dependentTasks"))
    for kind in ("parameters", "artifacts"):
        for source in part(task, "inputs", kind).values():
            for key in ("taskOutputParameter", "taskOutputArtifact", "taskFinalStatus"):
                named.add(text(part(source, key), "producerTask"))
    return named - {""}


def tasks_of(file: PipelineFile) -> Iterator[Task]:
    """Yield every task, those of inner pipelines, loops and branches included."""
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
    """Return the executor of a component, empty where it has none."""
    label = text(component, "executorLabel")
    return part(file.document, "deploymentSpec", "executors", label)


def component_of(file: PipelineFile, task: Message) -> Message:
    """Return the component of a task, empty where the file has none."""
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
