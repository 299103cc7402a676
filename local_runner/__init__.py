"""Run a compiled KFP v2 pipeline on this machine, as a cluster would.

It reads the compiled pipeline and nothing else, and knows nothing of quantgate's components.
"""

from quantgate.local_runner.ir.pipeline import Pipeline, read_pipeline
from quantgate.local_runner.records.events import Event, Observer
from quantgate.local_runner.records.results import (
    Artifact,
    PlannedTask,
    RunResult,
    TaskResult,
    TaskState,
)
from quantgate.local_runner.run.dry_run import dry_run
from quantgate.local_runner.run.execute import run_pipeline

__all__ = [
    "Artifact",
    "Event",
    "Observer",
    "Pipeline",
    "PlannedTask",
    "RunResult",
    "TaskResult",
    "TaskState",
    "dry_run",
    "read_pipeline",
    "run_pipeline",
]
