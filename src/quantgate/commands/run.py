"""`quantgate run SPEC`."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantgate.commands.arguments import add_cache_dir, add_runs_dir, add_spec
from quantgate.commands.show import show_on_terminal
from quantgate.decision import Decision
from quantgate.errors import ExitCode, StepFailed
from quantgate.extras import FOR_A_RUN, require
from quantgate.plan import Plan, make_plan, run_parameters
from quantgate.runs import RunFolder, RunRecord, TaskRecord, create_run, keep_results
from quantgate.spec import LoadedSpec, load, preflight

if TYPE_CHECKING:
    from quantgate.local_runner import PlannedTask, RunResult, TaskResult


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "run",
        help="run a spec on this machine",
        description="Compile a spec and run the pipeline on this machine, as a cluster would. "
        "What comes of it lies in a folder of its own: the decision, the report, the winner, "
        "the compiled pipeline, the resolved spec, and a log for each task. Tasks that rest on "
        "the same code, parameters and inputs as in an earlier run are taken from the cache.",
    )
    add_spec(parser)
    add_runs_dir(parser)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="list the tasks, which of them would run and why, and run none",
    )
    caching = parser.add_mutually_exclusive_group()
    add_cache_dir(caching)
    caching.add_argument(
        "--no-cache",
        action="store_true",
        help="run every task, and keep none for later runs",
    )
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="how many tasks may run side by side (default: the number of cores)",
    )
    parser.set_defaults(handler=handle)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)


def handle(options: argparse.Namespace) -> int:
    """Run the spec, or say what would run."""
    loaded = load(options.spec, options.overrides)
    preflight(loaded)
    plan = make_plan(loaded.spec)
    require("running", *FOR_A_RUN)
    cache = None if options.no_cache else options.cache_dir
    if options.dry_run:
        return _dry_run(loaded, plan, cache)
    return run_spec(loaded, plan, options.runs_dir, options.jobs, cache)


def _dry_run(loaded: LoadedSpec, plan: Plan, cache: Path | None) -> int:
    from quantgate.local_runner import dry_run, read_pipeline
    from quantgate.pipelines import compile_pipeline

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        compile_pipeline(plan, loaded.sha256, path)
        tasks = dry_run(read_pipeline(path), _arguments(loaded, plan), cache)
    titles = [_title(plan, task.display_name, task.iteration) for task in tasks]
    width = max(map(len, titles))
    for number, (title, task) in enumerate(zip(titles, tasks, strict=True), start=1):
        fate = "cached" if task.to_run is None else f"to run: {task.to_run}"
        sys.stdout.write(f"{number:>4}  {title:<{width}}  {fate}\n")
    cached = sum(task.to_run is None for task in tasks)
    sys.stdout.write(
        f"{len(tasks) - cached} tasks would run, {cached} are cached; nothing was run or written\n"
    )
    return ExitCode.OK


def run_spec(
    loaded: LoadedSpec,
    plan: Plan,
    runs_dir: Path,
    jobs: int | None = None,
    cache: Path | None = None,
) -> int:
    """Run a loaded spec and return the exit code that its outcome stands for.

    Without `cache`, a folder, every task runs.

    Raises:
        StepFailed: a task failed, so that there is no decision or no promotion.
    """
    folder = create_run(runs_dir, loaded.spec.name)
    folder.spec.write_text(loaded.render(), encoding="utf-8")
    RunRecord(state="running").write(folder.record)
    try:
        result = _execute(loaded, plan, folder, jobs, cache)
        decision = _keep_decision(folder, result.outputs)
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        RunRecord(state="interrupted" if interrupted else "failed").write(folder.record)
        raise
    _record(folder, plan, result, decided=decision is not None)
    return _conclude(folder, plan, result, decision)


def _execute(
    loaded: LoadedSpec, plan: Plan, folder: RunFolder, jobs: int | None, cache: Path | None
) -> "RunResult":
    from quantgate.local_runner import read_pipeline, run_pipeline
    from quantgate.pipelines import compile_pipeline

    compile_pipeline(plan, loaded.sha256, folder.pipeline)
    _let_tasks_import_from(loaded.folder)
    sys.stdout.write(f"run {folder.path}\n")
    return run_pipeline(
        read_pipeline(folder.pipeline),
        _arguments(loaded, plan),
        root=folder.artifacts,
        logs=folder.logs,
        jobs=jobs,
        observer=_Progress(plan),
        cache=cache,
    )


def _let_tasks_import_from(folder: Path) -> None:
    """Put the spec's folder on the tasks' path, for `module:function` beside the spec."""
    paths = [str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, dict.fromkeys(paths)))


def _arguments(loaded: LoadedSpec, plan: Plan) -> dict[str, str]:
    return {name: loaded.locate(place) for name, place in run_parameters(plan).items()}


def _title(plan: Plan, display_name: str, iteration: int | None) -> str:
    """Name a task for a person; an iteration of the loop is a candidate."""
    if iteration is None:
        return display_name
    return f"{display_name} {plan.candidates[iteration].name}"


class _Progress:
    """Plain lines with the time since the start, one when a task ends."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._start = time.monotonic()

    def warned(self, sentence: str) -> None:
        """Print a warning."""
        sys.stderr.write(f"warning: {sentence}\n")

    def task_started(self, task: "PlannedTask") -> None:
        """Say nothing: tasks are short."""

    def task_finished(self, result: "TaskResult") -> None:
        """Print how a task ended; one that never started is explained by the one that failed."""
        if result.state.value == "SKIPPED":
            return
        title = _title(self._plan, result.display_name, result.iteration)
        elapsed = time.monotonic() - self._start
        ended = "cached" if result.cached else f"{result.state.lower()} in {result.seconds:.1f} s"
        sys.stdout.write(f"{elapsed:7.1f} s  {title}: {ended}\n")
        sys.stdout.flush()


def _keep_decision(folder: RunFolder, outputs: Mapping[str, Any]) -> Decision | None:
    if "decision" not in outputs:
        return None
    paths = {name: Path(outputs[name].path) for name in ("decision", "report", "page", "winner")}
    keep_results(folder, **paths)
    return Decision.read(folder.decision)


def _record(folder: RunFolder, plan: Plan, result: "RunResult", decided: bool) -> None:
    tasks = [
        TaskRecord(
            title=_title(plan, task.display_name, task.iteration),
            state=task.state.value,
            seconds=round(task.seconds, 3),
            log=f"logs/{task.log.name}" if task.log.is_file() else None,
            error=task.error,
            cached=task.cached,
        )
        for task in result.tasks
    ]
    RunRecord(state="decided" if decided else "failed", tasks=tasks).write(folder.record)


def _conclude(folder: RunFolder, plan: Plan, result: "RunResult", decision: Decision | None) -> int:
    if decision is None:
        raise StepFailed(_failures(plan, result))
    show_on_terminal(decision)
    if decision.outcome == "none_qualified":
        sys.stdout.write(f"report:  {folder.report}\n")
        return ExitCode.NOTHING_QUALIFIED
    if not result.succeeded:
        raise StepFailed(_failures(plan, result))
    sys.stdout.write(f"winner:  {folder.winner}\nreport:  {folder.page}\n")
    return ExitCode.OK


def _failures(plan: Plan, result: "RunResult") -> str:
    """Say what failed; what fails in the same way for many tasks is said once."""
    alike: dict[str | None, list[TaskResult]] = {}
    for task in result.tasks:
        if task.state.value == "FAILED":
            alike.setdefault(task.error, []).append(task)
    return "\n".join(_failure(plan, tasks) for tasks in alike.values())


def _failure(plan: Plan, tasks: "list[TaskResult]") -> str:
    first = tasks[0]
    title = _title(plan, first.display_name, first.iteration)
    others = f", and {len(tasks) - 1} more alike," if len(tasks) > 1 else ""
    log = f"\n  its log: {first.log}" if first.log.is_file() else ""
    return f"{title}{others} failed: {first.error}{log}"
