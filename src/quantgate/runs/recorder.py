"""The record of a run, kept up to date while it runs."""

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from quantgate.display.names import title_of
from quantgate.planning.tasks import PROMOTE
from quantgate.runs.folder import RunFolder, RunRecord, TaskRecord

if TYPE_CHECKING:
    from quantgate.local_runner import Event, Observer, RunResult, TaskResult


class Recorder:
    """Keeps `run.json` up to date during the run, in case the run is killed."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._tasks: dict[tuple[str, ...], TaskRecord] = {}

    def recording(self, display: "Observer") -> "Observer":
        """Return an observer that records events and passes them on to the display."""

        def observe(event: "Event") -> None:
            self._record(event)
            display(event)

        return observe

    def _record(self, event: "Event") -> None:
        from quantgate.local_runner.records import events

        match event:
            case events.TaskStarted(task, log):
                title = title_of(task)
                self._tasks[task.path] = TaskRecord(
                    title=title, state="RUNNING", seconds=0.0, log=f"logs/{log.name}", error=None
                )
                self.write("running")
            case events.TaskEnded(task, result):
                self._tasks[task.path] = _recorded(result)
                self.write("running")

    def write_if_possible(self, state: Literal["interrupted", "failed"]) -> None:
        """Write the state, and ignore errors of the disk, as they may be why the run ends."""
        with suppress(OSError):
            self.write(state)

    def write(self, state: Literal["running", "interrupted", "failed"]) -> None:
        """Write the state of the run and its tasks."""
        RunRecord(state=state, tasks=list(self._tasks.values())).keep(self._run)

    def close(self, result: "RunResult", decided: bool) -> None:
        """Write how the run ended."""
        tasks = [_recorded(task) for task in result.tasks]
        RunRecord(state="decided" if decided else "failed", tasks=tasks).keep(self._run)

    def interrupted_text(self, is_cached: bool) -> str:
        """Return a text about an interrupted run that says what was kept and how to continue."""
        states = [task.state for task in self._tasks.values()]
        promoting = any(task.title == PROMOTE for task in self._tasks.values())
        ended = states.count("SUCCEEDED") if is_cached else 0
        return (
            f"{'the winner may have been promoted' if promoting else 'nothing was promoted'}\n"
            f"{resume_hint(ended)}. The logs are in {self._run.logs}"
        )


def resume_hint(cached: int) -> str:
    """Return a sentence about running again after an interrupt, by the number of cached tasks."""
    if cached == 0:
        return "the same command starts from the beginning"
    tasks = "the finished task is" if cached == 1 else f"the {cached} finished tasks are"
    return f"{tasks} cached, and the same command continues from there"


def _recorded(task: "TaskResult") -> TaskRecord:
    return TaskRecord(
        title=title_of(task),
        state=task.state.value,
        seconds=round(task.seconds, 3),
        log=f"logs/{task.log.name}" if task.log.is_file() else None,
        error=task.error,
        cached=task.cached,
    )
