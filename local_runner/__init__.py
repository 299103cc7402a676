"""Run a compiled KFP v2 pipeline on this machine, as a cluster would.

It reads the compiled pipeline and nothing else, and knows nothing of quantgate's components.
"""

from typing import TYPE_CHECKING

from quantgate.foundation.deferred import attributes

if TYPE_CHECKING:
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
# The process that starts tasks needs none of them.
__getattr__ = attributes(
    __name__,
    {
        **dict.fromkeys(("Pipeline", "read_pipeline"), "quantgate.local_runner.ir.pipeline"),
        **dict.fromkeys(("Event", "Observer"), "quantgate.local_runner.records.events"),
        **dict.fromkeys(
            ("Artifact", "PlannedTask", "RunResult", "TaskResult", "TaskState"),
            "quantgate.local_runner.records.results",
        ),
        "dry_run": "quantgate.local_runner.run.dry_run",
        "run_pipeline": "quantgate.local_runner.run.execute",
    },
)
