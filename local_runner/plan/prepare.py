"""Check and plan a run before it starts, for a real run and a dry run alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quantgate.local_runner.ir.arguments import check_arguments
from quantgate.local_runner.ir.inputs import with_defaults
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.secrets import Given, Secrets
from quantgate.local_runner.ir.values import Values
from quantgate.local_runner.plan.missing_secrets import check_secrets
from quantgate.local_runner.plan.plan import Around, PlannedStep, planned_tasks


@dataclass(frozen=True)
class PreparedRun:
    """A run that can start.

    Attributes:
        pipeline: from `read_pipeline`.
        inputs: the arguments in their declared types, and defaults.
        secrets: those that it was given.
        plan: its tasks, in the order in which they would start.
    """

    pipeline: Pipeline
    inputs: Values
    secrets: Secrets
    plan: tuple[PlannedStep, ...]


def prepare(pipeline: Pipeline, arguments: Mapping[str, Any], secrets: Given | None) -> PreparedRun:
    """Check the arguments and the secrets of a run, and plan it.

    Raises:
        UsageError: the arguments do not fit the pipeline, or a secret is missing.
    """
    inputs = with_defaults(pipeline.root.component, check_arguments(pipeline, arguments))
    given = Secrets(secrets or {})
    plan = tuple(planned_tasks(pipeline.root, inputs, Around()))
    check_secrets(pipeline.name, plan, given)
    return PreparedRun(pipeline, inputs, given, plan)
