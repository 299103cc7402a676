"""`quantgate logs [RUN] [TASK]`."""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from quantgate.commands.common.arguments import add_runs_dir
from quantgate.errors import ExitCode, UsageError
from quantgate.runs.folder import LATEST, RunFolder, RunRecord


@dataclass(frozen=True)
class _Log:
    """A task's log and what it is called; without a file the task printed nothing."""

    title: str
    ended: str
    path: Path | None


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "logs",
        help="show what the tasks of a run printed",
        description="List the tasks of a run, or show what one of them printed. A run that was "
        "killed or still goes on has logs, too.",
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
        help="a task as the list has it, or a part of its name that no other task has",
    )
    add_runs_dir(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Print the list, or one log."""
    words = [options.run] if options.run is not None else []
    run, wanted = _asked_for([*words, *options.task], options.runs_dir)
    logs = _logs(run)
    if wanted is None:
        _print_list(logs, run)
        return ExitCode.OK
    chosen = _choose(logs, wanted, run)
    if chosen.path is None:
        sys.stdout.write(f"{chosen.title} printed nothing\n")
    else:
        sys.stdout.write(chosen.path.read_text("utf-8", errors="replace"))
    return ExitCode.OK


def _print_list(logs: list[_Log], run: RunFolder) -> None:
    for log in logs:
        sys.stdout.write(f"{log.ended:<9}  {log.title}\n")
    way_on = f"`quantgate logs {run.path} TASK` shows one" if logs else "no task of it has started"
    sys.stdout.write(f"{run.path}: {way_on}\n")


def _asked_for(words: list[str], runs_dir: Path) -> tuple[RunFolder, str | None]:
    """Return the run and the task, whose words need no quotes; a folder in front is the run.

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
        raise UsageError(f"there is no run in {folder}; `quantgate run SPEC` makes one")
    return RunFolder(max(records, key=lambda path: path.stat().st_mtime).parent)


def _logs(run: RunFolder) -> list[_Log]:
    """Return the logs of a run's tasks; the files, where the run has not written its record."""
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
    found = exact or [log for log in logs if wanted.lower() in log.title.lower()]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            f"no task of {run.path} is called `{wanted}`; "
            f"it has {', '.join(f'`{log.title}`' for log in logs) or 'none'}"
        )
    titles = ", ".join(f"`{log.title}`" for log in found)
    raise UsageError(f"`{wanted}` may be {titles}; give more of the name")
