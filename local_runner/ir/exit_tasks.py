"""Exit tasks: those of `dsl.ExitHandler`, and tasks with `ignore_upstream_failure()`.

KFP makes each one a hook of the task before it, which Argo calls when that task has ended. Other
tasks cannot wait for a hook. A task has at most one hook. Loops and importers have none.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from quantgate.local_runner.ir.order import producers

#: TriggerStrategy of KFP's pipeline_spec.proto.
_ALL_UPSTREAM_TASKS_COMPLETED = 2


def is_exit_task(task: Any) -> bool:
    """Return whether a `PipelineTaskSpec` also runs after a failed task."""
    return bool(task.trigger_policy.strategy == _ALL_UPSTREAM_TASKS_COMPLETED)


def exit_problems(
    tasks: Mapping[str, Any], path: str, is_importer: Callable[[Any], bool]
) -> Iterator[str]:
    """Yield a sentence for each exit task that KFP would not run as written.

    Args:
        tasks: `PipelineTaskSpec` by key, all those of one pipeline.
        path: the path of that pipeline.
        is_importer: returns whether a `PipelineTaskSpec` imports an artifact.
    """
    exits = {key: producers(tasks[key]) for key in sorted(tasks) if is_exit_task(tasks[key])}
    for key, before in exits.items():
        where = f"task `{path}{key}`: it is an exit task"
        if len(before) != 1:
            yield f"{where} after {_all(before)}, but KFP takes exactly one task before it"
        elif _has_no_hook(tasks.get(before[0]), is_importer):
            yield f"{where} after `{before[0]}`, a loop or an import, and KFP never starts it"
        for other in exits:
            if other > key and before and exits[other] == before:
                yield f"{where} after `{before[0]}`, as `{other}` is, and KFP starts only that one"
    yield from _waiting_problems(tasks, exits, path)


def _has_no_hook(task: Any, is_importer: Callable[[Any], bool]) -> bool:
    return task is not None and (task.HasField("parameter_iterator") or is_importer(task))


def _waiting_problems(
    tasks: Mapping[str, Any], exits: Mapping[str, Any], path: str
) -> Iterator[str]:
    for key in sorted(tasks):
        for name in producers(tasks[key]):
            if name in exits:
                yield (
                    f"task `{path}{key}`: it waits for the exit task `{name}` "
                    "(`ignore_upstream_failure`), and KFP refuses such a run: others cannot wait "
                    "for an exit task"
                )


def _all(keys: list[str]) -> str:
    return " and ".join(f"`{key}`" for key in keys) or "no task"
