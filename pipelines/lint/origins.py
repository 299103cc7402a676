"""Find the task that makes an input, through loops, branches and nested pipelines."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Message, Task, component_of, part, parts, text

Kind = Literal["parameters", "artifacts"]


class Step(NamedTuple):
    """A task on the path to the one that makes an output, and its key in its pipeline."""

    key: str
    message: Message

    @property
    def is_loop(self) -> bool:
        """True for a loop."""
        return bool(part(self.message, "parameterIterator"))

    @property
    def is_branch(self) -> bool:
        """True for a branch, which may be skipped."""
        return bool(text(part(self.message, "triggerPolicy"), "condition"))

    @property
    def items(self) -> list[Any]:
        """The items of a loop if they are constants, else none."""
        raw = text(part(self.message, "parameterIterator", "items"), "raw")
        try:
            items = json.loads(raw) if raw else []
        except ValueError:
            return []
        return items if isinstance(items, list) else []


@dataclass(frozen=True)
class Origin:
    """The task that makes an output.

    Attributes:
        steps: the path to it. The first task is a sibling of the consumer. The last one makes the
            output.
        output: the output's key in the last task.
        component: the `ComponentSpec` of the last task.
    """

    steps: tuple[Step, ...]
    output: str
    component: Message

    @property
    def maker(self) -> Step:
        """The task that makes the output."""
        return self.steps[-1]

    @property
    def loops(self) -> tuple[Step, ...]:
        """The loops from which the output is collected, outermost first."""
        return tuple(step for step in self.steps if step.is_loop)

    @property
    def names(self) -> tuple[str, ...]:
        """A unique name of the output among those of the consumer's siblings."""
        return (*(step.key for step in self.steps), self.output)


def origins_of(file: PipelineFile, task: Task, kind: Kind) -> Iterator[tuple[str, Origin]]:
    """Yield each input of a task that another task makes, with its origin."""
    sources = part(task.message, "inputs", kind)
    for name in sorted(sources):
        origin = _origin(file, task.siblings, _named(part(sources, name), kind), kind)
        if origin:
            yield name, origin


def _origin(
    file: PipelineFile, siblings: Message, reference: tuple[str, str], kind: Kind
) -> Origin | None:
    """Follow a reference. Return None if it leads nowhere, or to one of several tasks."""
    steps: list[Step] = []
    seen: set[str] = set()
    producer, output = reference
    while producer in siblings:
        message = part(siblings, producer)
        steps.append(Step(producer, message))
        component = component_of(file, message)
        name = text(part(message, "componentRef"), "name")
        if not part(component, "dag") or name in seen:
            return None if name in seen else Origin(tuple(steps), output, component)
        seen.add(name)
        siblings = part(component, "dag", "tasks")
        producer, output = _handed_out(component, output, kind)
    return None


def _named(source: Message, kind: Kind) -> tuple[str, str]:
    if kind == "artifacts":
        output = part(source, "taskOutputArtifact")
        return text(output, "producerTask"), text(output, "outputArtifactKey")
    output = part(source, "taskOutputParameter")
    return text(output, "producerTask"), text(output, "outputParameterKey")


def _handed_out(component: Message, output: str, kind: Kind) -> tuple[str, str]:
    """Return the inner task that makes a pipeline's output, and the output's key there."""
    declared = part(component, "dag", "outputs", kind, output)
    if kind == "parameters":
        source = part(declared, "valueFromParameter")
        return text(source, "producerSubtask"), text(source, "outputParameterKey")
    selectors = parts(declared, "artifactSelectors")
    # Several selectors are a `dsl.OneOf`.
    source = selectors[0] if len(selectors) == 1 else {}
    return text(source, "producerSubtask"), text(source, "outputArtifactKey")
