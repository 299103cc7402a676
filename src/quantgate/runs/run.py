"""A run of a spec on this machine, from its folder to its decision."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from quantgate.display.manner import Manner, observer
from quantgate.display.names import title_of
from quantgate.errors import ExitCode
from quantgate.planning.plan import Plan, run_parameters
from quantgate.planning.tasks import PROMOTE
from quantgate.records.decision import Decision
from quantgate.runs.folder import RunFolder, RunRecord, TaskRecord, create_run, keep_results
from quantgate.runs.pipeline_cache import write_pipeline
from quantgate.runs.runners import LOCAL, run_by_kfp
from quantgate.spec import LoadedSpec
from quantgate.spec.model.functions import functions_left_behind

if TYPE_CHECKING:
    from quantgate.local_runner import Event, Observer, RunResult, TaskResult

_TAIL_LINES = 10


@dataclass(frozen=True)
class Settings:
    """How a spec is run; without `cache`, a folder, every task runs.

    `secrets` has values by key, by the name of the secret.
    """

    runs_dir: Path
    jobs: int | None = None
    cache: Path | None = None
    manner: Manner = field(default_factory=Manner)
    runner: str = LOCAL
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Conclusion:
    """What came of a run; `failures` says which tasks failed, and how."""

    run: RunFolder
    exit_code: ExitCode
    decision: Decision | None
    failures: str | None


def run_spec(loaded: LoadedSpec, plan: Plan, settings: Settings) -> Conclusion:
    """Run a loaded spec; the run is shown while it goes on.

    Raises:
        KeyboardInterrupt: Ctrl-C; its text says what is left and how to go on.
    """
    run = create_run(settings.runs_dir, loaded.spec.name)
    run.spec.write_text(loaded.render(), encoding="utf-8")
    diary = _Diary(run)
    diary.write("running")
    try:
        result = _execute(loaded, plan, run, settings, diary)
        decision = _keep_decision(run, result.outputs)
    except KeyboardInterrupt:
        diary.break_off("interrupted")
        raise KeyboardInterrupt(diary.farewell(settings.cache is not None)) from None
    except BaseException:
        diary.break_off("failed")
        raise
    diary.close(result, decided=decision is not None)
    return _concluded(run, result, decision)


def arguments_of(loaded: LoadedSpec, plan: Plan) -> dict[str, str]:
    """Return the arguments of a plan's pipeline; places are absolute paths or URIs."""
    return {name: loaded.locate(place) for name, place in run_parameters(plan).items()}


def _execute(
    loaded: LoadedSpec, plan: Plan, run: RunFolder, settings: Settings, diary: "_Diary"
) -> "RunResult":
    write_pipeline(plan, loaded.sha256, run.pipeline, settings.cache)
    from quantgate.local_runner import read_pipeline, run_pipeline

    if functions_left_behind(loaded.spec):
        _let_tasks_import_from(loaded.folder)
    arguments = arguments_of(loaded, plan)
    with observer(settings.manner, run.path) as shown:
        if settings.runner != LOCAL:
            watching = diary.kept_beside(shown)
            return run_by_kfp(settings.runner, loaded, run, arguments, watching)
        return run_pipeline(
            read_pipeline(run.pipeline),
            arguments,
            root=run.artifacts,
            logs=run.logs,
            jobs=settings.jobs,
            observer=diary.kept_beside(shown),
            cache=settings.cache,
            secrets=settings.secrets,
        )


def _let_tasks_import_from(folder: Path) -> None:
    """Put the spec's folder on the tasks' path, for `module:function` beside the spec."""
    paths = [str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, dict.fromkeys(paths)))


class _Diary:
    """Keeps `run.json` up to date, so that a run that is killed tells what it did."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._tasks: dict[tuple[str, ...], TaskRecord] = {}

    def kept_beside(self, shown: "Observer") -> "Observer":
        """Return an observer that writes down what happens, and shows it."""

        def tell(event: "Event") -> None:
            self._note(event)
            shown(event)

        return tell

    def _note(self, event: "Event") -> None:
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

    def break_off(self, state: Literal["interrupted", "failed"]) -> None:
        """Write down that the run ends here, unless that is what the disk refuses too."""
        with suppress(OSError):
            self.write(state)

    def write(self, state: Literal["running", "interrupted", "failed"]) -> None:
        """Write down where the run stands."""
        RunRecord(state=state, tasks=list(self._tasks.values())).keep(self._run)

    def close(self, result: "RunResult", decided: bool) -> None:
        """Write down how the run ended."""
        tasks = [_recorded(task) for task in result.tasks]
        RunRecord(state="decided" if decided else "failed", tasks=tasks).keep(self._run)

    def farewell(self, is_cached: bool) -> str:
        """Say what an interrupted run leaves, and how to go on."""
        states = [task.state for task in self._tasks.values()]
        promoting = any(task.title == PROMOTE for task in self._tasks.values())
        ended = states.count("SUCCEEDED") if is_cached else 0
        return (
            f"{'the winner may have been promoted' if promoting else 'nothing was promoted'}\n"
            f"{way_on(ended)}; the logs are in {self._run.logs}"
        )


def way_on(kept: int) -> str:
    """Say what the next run makes of the tasks of one that was interrupted."""
    if kept == 0:
        return "the same command starts anew"
    tasks = "the task that ended is" if kept == 1 else f"the {kept} tasks that ended are"
    return f"{tasks} kept, and the same command goes on from there"


def _recorded(task: "TaskResult") -> TaskRecord:
    return TaskRecord(
        title=title_of(task),
        state=task.state.value,
        seconds=round(task.seconds, 3),
        log=f"logs/{task.log.name}" if task.log.is_file() else None,
        error=task.error,
        cached=task.cached,
    )


def _keep_decision(run: RunFolder, outputs: Mapping[str, Any]) -> Decision | None:
    if "decision" not in outputs:
        return None
    names = ("decision", "report", "page", "winner", "compiled")
    paths = {name: Path(outputs[name].path) for name in names}
    decision = Decision.read(paths["decision"])
    keep_results(run, **paths, keeps_baseline=decision.winner is None)
    return decision


def _concluded(run: RunFolder, result: "RunResult", decision: Decision | None) -> Conclusion:
    if decision is not None and decision.promoted is None:
        # That there is nothing to promote is why the promotion failed, and no news.
        return Conclusion(run, ExitCode.NOTHING_QUALIFIED, decision, None)
    if decision is None or not result.succeeded:
        return Conclusion(run, ExitCode.STEP_FAILED, decision, failures_of(result))
    return Conclusion(run, ExitCode.OK, decision, None)


def failures_of(result: "RunResult") -> str:
    """Say what failed; what fails in the same way for many tasks is said once."""
    alike: dict[str | None, list[TaskResult]] = {}
    for task in result.tasks:
        if task.state.value == "FAILED":
            alike.setdefault(task.error, []).append(task)
    return "\n".join(_failure(tasks) for tasks in alike.values())


def _failure(tasks: "list[TaskResult]") -> str:
    first = tasks[0]
    others = f", and {len(tasks) - 1} more alike," if len(tasks) > 1 else ""
    said = f"{title_of(first)}{others} failed: {first.error}"
    tail = [] if first.explained else first.log_tail.splitlines()[-_TAIL_LINES:]
    if tail:
        said += "\n  its last words:\n" + "\n".join(f"    {line}" for line in tail)
    return said + (f"\n  its log: {first.log}" if first.log.is_file() else "")
