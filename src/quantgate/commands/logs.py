"""`quantgate logs [RUN] [TASK]`."""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from quantgate.commands.common.arguments import add_runs_dir, examples
from quantgate.errors import ExitCode, UsageError
from quantgate.runs.folder import LATEST, RunFolder, RunRecord


@dataclass(frozen=True)
class _Log:
    """A task's log.

    Attributes:
        title: the task's name.
        state: how the task ended, or that it is running.
        path: the log file, None if the task printed nothing.
    """

    title: str
    state: str
    path: Path | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "List the tasks of a run, or show the log of one of them. Logs are also available for runs "
        "that were killed or are still in progress."
    )
    parser.epilog = examples(
        "quantgate logs",
        "quantgate logs runs/digits/latest evaluate",
    )
    parser.add_argument(
        "run",
        nargs="?",
        metavar="RUN",
        help="a run's folder, or a model's folder of runs (default: the newest run)",
    )
    parser.add_argument(
        "task",
        nargs="*",
        metavar="TASK",
        help="name of a task as in the list, or a part of it that no other task has",
    )
    add_runs_dir(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Print the list of tasks, or the log of one."""
    words = [options.run] if options.run is not None else []
    run, wanted = _asked_for([*words, *options.task], options.runs_dir)
    logs = _logs(run)
    if wanted is None:
        _print_list(logs, run)
        return ExitCode.OK
    chosen = _choose(logs, wanted, run)
    text = chosen.path.read_text("utf-8", errors="replace") if chosen.path else ""
    sys.stdout.write(text or f"{chosen.title} printed nothing\n")
    return ExitCode.OK


def _print_list(logs: list[_Log], run: RunFolder) -> None:
    for log in logs:
        sys.stdout.write(f"{log.state:<9}  {log.title}\n")
    hint = f"`quantgate logs {run.path} TASK` shows a log" if logs else "no task has started"
    sys.stdout.write(f"{run.path}: {hint}\n")


def _asked_for(words: list[str], runs_dir: Path) -> tuple[RunFolder, str | None]:
    """Return the run and the name of the task.

    The first word is the run if it is a folder. The others are the task's name, without quotes.

    Raises:
        UsageError: there is no such run.
    """
    if words and (Path(words[0]).is_dir() or os.sep in words[0]):
        return _run_in(Path(words[0])), " ".join(words[1:]) or None
    return _newest(runs_dir), " ".join(words) or None


def _run_in(folder: Path) -> RunFolder:
    if (folder / "run.json").is_file():
        return RunFolder(folder)
    return _newest_of(folder, "*/run.json")


def _newest(runs_dir: Path) -> RunFolder:
    return _newest_of(runs_dir, "*/*/run.json")


def _newest_of(folder: Path, pattern: str) -> RunFolder:
    records = [path for path in folder.glob(pattern) if path.parent.name != LATEST]
    if not records:
        raise UsageError(f"there is no run in {folder}. Start one with `quantgate run SPEC`")
    return RunFolder(max(records, key=lambda path: path.stat().st_mtime).parent)


def _logs(run: RunFolder) -> list[_Log]:
    """Return the logs of a run's tasks, from the log files if the run has no record yet."""
    tasks = RunRecord.read(run.record).tasks
    if not tasks:
        return [_Log(path.stem, "", path) for path in sorted(run.logs.glob("*.log"))]
    return [
        _Log(
            task.title,
            "cached" if task.cached else task.state.lower(),
            run.path / task.log if task.log else None,
        )
        for task in tasks
    ]


def _choose(logs: list[_Log], wanted: str, run: RunFolder) -> _Log:
    exact = [log for log in logs if log.title.lower() == wanted.lower()]
    matches = exact or [log for log in logs if wanted.lower() in log.title.lower()]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise UsageError(
            f"no task of {run.path} is called `{wanted}`. "
            f"Its tasks are {', '.join(f'`{log.title}`' for log in logs) or 'none'}"
        )
    titles = ", ".join(f"`{log.title}`" for log in matches)
    raise UsageError(f"`{wanted}` matches {titles}. Give more of the name")
