"""Running of a spec on this machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantgate.display.manner import Manner, observer
from quantgate.display.names import title_of
from quantgate.errors import ExitCode
from quantgate.planning.plan import Plan, run_parameters
from quantgate.records.decision import Decision
from quantgate.records.outcomes import DecisionOutcome
from quantgate.runs.folder import RunFolder, create_run, keep_results
from quantgate.runs.kept import held
from quantgate.runs.pipeline_cache import write_pipeline
from quantgate.runs.recorder import Recorder
from quantgate.runs.runners import LOCAL, run_by_kfp
from quantgate.spec import LoadedSpec
from quantgate.spec.model.functions import functions_left_behind

if TYPE_CHECKING:
    from quantgate.local_runner import Event, Observer, RunResult, TaskResult

_TAIL_LINES = 10


@dataclass(frozen=True)
class Settings:
    """The settings of a run.

    Attributes:
        runs_dir: folder of all runs.
        jobs: maximum number of tasks in parallel. None means the number of cores.
        cache: folder of the cache. None runs every task.
        manner: what is shown while the run continues.
        runner: what runs the compiled pipeline, one of `runners.RUNNERS`.
        secrets: values of secrets: name of the secret -> key -> value.
    """

    runs_dir: Path
    jobs: int | None = None
    cache: Path | None = None
    manner: Manner = field(default_factory=Manner)
    runner: str = LOCAL
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Conclusion:
    """The outcome of a run.

    Attributes:
        run: the run's folder.
        exit_code: the exit code of the command.
        decision: the decision, None if a task failed before it.
        failures: text about the tasks that failed, None if none did.
        promoted_to: the folder or URI that the model was published in, None if it was not.
    """

    run: RunFolder
    exit_code: ExitCode
    decision: Decision | None
    failures: str | None
    promoted_to: str | None = None


def run_spec(loaded: LoadedSpec, plan: Plan, settings: Settings) -> Conclusion:
    """Run a loaded spec, and show the progress.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed. The text says what was kept and how to continue.
    """
    run = create_run(settings.runs_dir, loaded.spec.name)
    with held(run):
        return _run(loaded, plan, run, settings)


def _run(loaded: LoadedSpec, plan: Plan, run: RunFolder, settings: Settings) -> Conclusion:
    run.spec.write_text(loaded.render(run.path), encoding="utf-8")
    recorder = Recorder(run)
    recorder.write("running")
    try:
        result = _execute(loaded, plan, run, settings, recorder)
        decision = _keep_decision(run, result.outputs)
    except KeyboardInterrupt:
        recorder.write_if_possible("interrupted")
        raise KeyboardInterrupt(recorder.interrupted_text(settings.cache is not None)) from None
    except BaseException:
        recorder.write_if_possible("failed")
        raise
    recorder.close(result, decided=decision is not None)
    promoted_to = loaded.locate(loaded.spec.promote.to) if loaded.spec.promote else None
    return _concluded(run, result, decision, promoted_to)


def arguments_of(loaded: LoadedSpec, plan: Plan) -> dict[str, str]:
    """Return the arguments of a plan's pipeline, with locations as absolute paths or URIs."""
    return {name: loaded.locate(location) for name, location in run_parameters(plan).items()}


def _execute(
    loaded: LoadedSpec, plan: Plan, run: RunFolder, settings: Settings, recorder: Recorder
) -> "RunResult":
    write_pipeline(plan, loaded.sha256, run.pipeline, settings.cache)
    from quantgate.local_runner import read_pipeline, run_pipeline

    if functions_left_behind(loaded.spec):
        _let_tasks_import_from(loaded.folder)
    arguments = arguments_of(loaded, plan)
    with observer(settings.manner, run.path) as display:
        recording = _warning_of_gaps(recorder.recording(display))
        if settings.runner != LOCAL:
            return run_by_kfp(settings.runner, loaded, run, arguments, recording)
        return run_pipeline(
            read_pipeline(run.pipeline),
            arguments,
            root=run.artifacts,
            logs=run.logs,
            jobs=settings.jobs,
            observer=recording,
            cache=settings.cache,
            secrets=settings.secrets,
        )


def _warning_of_gaps(observer: "Observer") -> "Observer":
    """Return an observer that warns at the start about gaps in the sandbox of models."""
    from quantgate.components.processes.sandbox import gaps
    from quantgate.local_runner.records.events import RunStarted, Warned

    def observe(event: "Event") -> None:
        observer(event)
        if isinstance(event, RunStarted):
            for gap in gaps():
                observer(Warned(gap))

    return observe


def _let_tasks_import_from(folder: Path) -> None:
    """Add the spec's folder to the tasks' PYTHONPATH, for user functions beside the spec."""
    paths = [str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, dict.fromkeys(paths)))


def _keep_decision(run: RunFolder, outputs: Mapping[str, Any]) -> Decision | None:
    if "decision" not in outputs:
        return None
    names = ("decision", "report", "page", "winner", "compiled")
    paths = {name: Path(outputs[name].path) for name in names}
    decision = Decision.read(paths["decision"])
    keep_results(run, **paths, keeps_baseline=decision.winner is None)
    return decision


def _concluded(
    run: RunFolder, result: "RunResult", decision: Decision | None, promoted_to: str | None
) -> Conclusion:
    if decision is not None and decision.promoted is None:
        # The promotion failed only because there is nothing to promote.
        return Conclusion(run, code_without_model(decision), decision, None)
    if decision is None or not result.succeeded:
        return Conclusion(run, ExitCode.STEP_FAILED, decision, failures_of(result))
    return Conclusion(run, ExitCode.OK, decision, None, promoted_to)


def code_without_model(decision: Decision) -> ExitCode:
    """Return the exit code for a decision that promotes nothing."""
    if decision.outcome is DecisionOutcome.DOUBTFUL:
        return ExitCode.DOUBTFUL
    return ExitCode.NOTHING_QUALIFIED


def failures_of(result: "RunResult") -> str:
    """Return a text about the failed tasks. Tasks with the same error share one entry."""
    by_error: dict[str | None, list[TaskResult]] = {}
    for task in result.tasks:
        if task.state.value == "FAILED":
            by_error.setdefault(task.error, []).append(task)
    return "\n".join(_failure(tasks) for tasks in by_error.values())


def _failure(tasks: "list[TaskResult]") -> str:
    first = tasks[0]
    others = f" and {len(tasks) - 1} more tasks" if len(tasks) > 2 else " and 1 more task"
    text = f"{title_of(first)}{others if len(tasks) > 1 else ''} failed: {first.error}"
    tail = [] if first.explained else first.log_tail.splitlines()[-_TAIL_LINES:]
    if tail:
        text += "\n  the end of its log:\n" + "\n".join(f"    {line}" for line in tail)
    return text + (f"\n  its log: {first.log}" if first.log.is_file() else "")
