"""Pipelines on this machine: their local runs, and the findings of the linter."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantgate.errors import PipelineError
from quantgate.foundation.pipeline_file import read_pipeline_file
from quantgate.local_runner import RunResult, read_pipeline, run_pipeline
from quantgate.pipelines.lint.lint import lint

#: The rules that every pipeline of small components breaks.
_EVERYWHERE = {"image-digest"}


@dataclass(frozen=True)
class LocalRun:
    """A run by the local runner.

    printed: the output of each task, by its name. A task in a loop has one text for each
        iteration, in sorted order.
    """

    phase: str
    outputs: dict[str, Any]
    states: dict[str, str]
    errors: dict[str, str]
    printed: dict[str, list[str]]


@dataclass(frozen=True)
class Here:
    """The local runner on this machine, which keeps its runs in `folder`."""

    folder: Path

    def run(self, pipeline: str, parameters: dict[str, Any] | None = None) -> LocalRun:
        """Run a compiled pipeline. All runs share one cache."""
        ran = run_pipeline(
            read_pipeline(self._file(pipeline)),
            parameters or {},
            root=self.folder / "out",
            logs=self.folder / "logs",
            cache=self.folder / "cache",
        )
        return _seen(ran)

    def refusal(self, pipeline: str) -> str:
        """Return why a pipeline is refused, or "" if it would run."""
        try:
            read_pipeline(self._file(pipeline))
        except PipelineError as error:
            return str(error)
        return ""

    def rules(self, pipeline: str) -> set[str]:
        """Return the linter's rules that a pipeline breaks."""
        findings = lint(read_pipeline_file(self._file(pipeline)))
        return {finding.rule for finding in findings} - _EVERYWHERE

    def _file(self, pipeline: str) -> Path:
        path = self.folder / "local.yaml"
        path.write_text(pipeline)
        return path


def _seen(ran: RunResult) -> LocalRun:
    printed = defaultdict(list)
    for task in ran.tasks:
        printed[task.name].append(_own_lines(task.log_tail))
    return LocalRun(
        phase="Succeeded" if ran.succeeded else "Failed",
        outputs=ran.outputs,
        states={task.name: task.state.value for task in ran.tasks},
        errors={task.name: task.error for task in ran.tasks if task.error},
        printed={name: sorted(lines) for name, lines in printed.items()},
    )


def _own_lines(log: str) -> str:
    """Return a log without the runner's lines, as of the cache."""
    return "\n".join(line for line in log.splitlines() if not line.startswith("[local runner]"))
