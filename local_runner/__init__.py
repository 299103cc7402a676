"""Run a compiled KFP v2 pipeline on this machine, as a cluster would.

It reads the compiled pipeline and nothing else, and knows nothing of quantgate's components.
"""

from quantgate.local_runner.events import Event, Observer
from quantgate.local_runner.execute import run_pipeline
from quantgate.local_runner.ir import Pipeline, read_pipeline
from quantgate.local_runner.outcome import (
    Artifact,
    PlannedTask,
    RunResult,
    TaskResult,
    TaskState,
)
from quantgate.local_runner.rehearsal import dry_run

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
