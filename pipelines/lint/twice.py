"""The rule about a task that gets the same artifact more than once."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Message, Task, executor_of, part, tasks_of, text, texts_in
from quantgate.pipelines.lint.findings import Violation
from quantgate.pipelines.lint.origins import Origin, Step, origins_of

_ONCE = "the metadata store takes an artifact only once as an input of a task, so the task fails"


def same_artifact(file: PipelineFile) -> Iterator[Violation]:
    """Yield tasks that get one artifact more than once."""
    for task in tasks_of(file):
        for names in _same(file, task):
            yield Violation(
                task.place,
                f"its inputs {' and '.join(names)} are one artifact: {_ONCE}",
                "pass it once, and let the component use it for both",
            )
        for name, origin in origins_of(file, task, "artifacts"):
            reason = _why_repeated(file, origin)
            if reason:
                yield Violation(
                    f"{task.place}, input `{name}`",
                    f"{reason}, and the cache gives them all the same artifact: {_ONCE}",
                    f"switch caching off for `{origin.maker.key}`, or make the iterations differ",
                )


def _same(file: PipelineFile, task: Task) -> Iterator[list[str]]:
    """Yield groups of inputs that are the same artifact."""
    origins = dict(origins_of(file, task, "artifacts"))
    sources = part(task.message, "inputs", "artifacts")
    inputs = defaultdict(list)
    for name in sorted(sources):
        origin = origins.get(name)
        identity = _identity(file, origin) if origin else ["given", sources[name]]
        inputs[_written(identity)].append(f"`{name}`")
    yield from (names for names in inputs.values() if len(names) > 1)


def _identity(file: PipelineFile, origin: Origin) -> Any:
    """Return a value that is equal for equal artifacts.

    Importers with the same URI, type and metadata return the same artifact, unless they reimport.
    """
    importer = part(executor_of(file, origin.component), "importer")
    if not importer or importer.get("reimport"):
        return ["made", origin.names]
    around = [step.key for step in origin.steps[:-1]]
    uri = part(importer, "artifactUri").get("constant") or [around, _given_uri(importer, origin)]
    return ["imported", uri, importer.get("typeSchema"), importer.get("metadata")]


def _given_uri(importer: Message, origin: Origin) -> Any:
    name = text(part(importer, "artifactUri"), "runtimeParameter")
    return part(origin.maker.message, "inputs", "parameters").get(name)


def _why_repeated(file: PipelineFile, origin: Origin) -> str:
    """Explain why the cache does not distinguish iterations of a loop, or return ""."""
    maker = origin.maker.message
    cached = part(maker, "cachingOptions").get("enableCache") is True
    if not cached or not origin.loops or "container" not in executor_of(file, origin.component):
        return ""
    if _is_the_same_each_time(maker):
        return f"`{origin.maker.key}` gets the same inputs in each iteration"
    for loop in origin.loops:
        if _repeats(loop) and _takes_no_outputs(maker):
            return f"`{loop.key}` has an item more than once"
    return ""


def _is_the_same_each_time(task: Message) -> bool:
    inputs = part(task, "inputs")
    constants = all("runtimeValue" in part(given) for given in part(inputs, "parameters").values())
    placeholder = any("{{$" in line for line in texts_in(part(inputs, "parameters")))
    return constants and not placeholder and not part(inputs, "artifacts")


def _takes_no_outputs(task: Message) -> bool:
    given = part(task, "inputs", "parameters").values()
    outputs = any("taskOutputParameter" in part(source) for source in given)
    return not outputs and not part(task, "inputs", "artifacts")


def _repeats(loop: Step) -> bool:
    items = [_written(item) for item in loop.items]
    return len(set(items)) < len(items)


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
