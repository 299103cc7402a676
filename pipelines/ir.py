"""A walk over the tasks and executors of a compiled pipeline, which may have been damaged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from quantgate.pipeline_file import PipelineFile

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
    def place(self) -> str:
        """What a person calls it."""
        return f"task `{self.path}`"

    @property
    def constants(self) -> dict[str, Any]:
        """The parameters that are written down in the file."""
        given = part(self.message, "inputs", "parameters")
        found = {name: part(given, name, "runtimeValue") for name in given}
        return {name: value["constant"] for name, value in found.items() if "constant" in value}


@dataclass(frozen=True)
class Executor:
    """What runs tasks: a container or an importer, and its component."""

    name: str
    message: Message
    component: Message

    @property
    def place(self) -> str:
        """What a person calls it."""
        return f"executor `{self.name}`"


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
    for name in sorted(executors):
        yield Executor(name, part(executors, name), users.get(name, {}))


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
