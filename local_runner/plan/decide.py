"""Decide whether a task starts, and with which inputs, once the tasks before it have ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from quantgate.local_runner.ir.executions import Finished
from quantgate.local_runner.ir.inputs import Scope
from quantgate.local_runner.ir.passes import Pass, passes
from quantgate.local_runner.ir.secrets import Secrets, SecretValue
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.ir.trigger_policy import unmet, what_stops
from quantgate.local_runner.ir.values import TaskError

SecretVariables = Mapping[str, SecretValue | None]


@dataclass(frozen=True)
class Start:
    """A task that starts now.

    Attributes:
        passes: one for each iteration of a loop, or exactly one.
        secrets: by environment variable, with None for one that is not set.
    """

    passes: list[Pass]
    secrets: SecretVariables


@dataclass(frozen=True)
class Skip:
    """A task that does not run.

    Attributes:
        why: the task before it that stops it, or its own condition.
        by_driver: True if KFP's driver evaluates the condition, and records the task as canceled.
    """

    why: Finished
    by_driver: bool = False


def decide(task: TaskNode, scope: Scope, secrets: Secrets, rehearsal: bool) -> Start | Skip:
    """Return whether and how a task starts.

    Raises:
        TaskError: an input or a secret is not available, or a condition has no value.
    """
    stopped = what_stops(task, scope.upstream.values(), rehearsal)
    if stopped:
        return Skip((_unmet_for_sure(task, scope) if rehearsal else None) or stopped)
    inputs = scope.resolve(task)
    if reason := unmet(task, inputs):
        return Skip(Finished(skipped=reason), by_driver=True)
    variables = secrets.variables(task.secrets, partial(scope.parameter, "a secret's name"))
    return Start(passes(task, inputs), variables)


def _unmet_for_sure(task: TaskNode, scope: Scope) -> Finished | None:
    """Return that a condition does not hold, whatever the outputs of the tasks before it are."""
    try:
        reason = unmet(task, scope.resolve(task))
    except TaskError:
        return None
    return Finished(skipped=reason) if reason else None
