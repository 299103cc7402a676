"""`quantgate runs ls | prune`."""

import argparse
import sys

from quantgate.commands.common.arguments import add_runs_dir, examples
from quantgate.commands.common.bounds import require_bounds, size_text, time_text, total_text
from quantgate.commands.common.kept import Action, add_actions
from quantgate.errors import ExitCode
from quantgate.runs.folder import LATEST
from quantgate.runs.kept import kept_runs, prune_runs

_NOUNS = ("run", "runs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "List the runs on disk, or delete old ones. A run that `latest` names, and a "
        "run in progress, is never deleted."
    )
    parser.epilog = examples(
        "quantgate runs ls",
        "quantgate runs prune --older-than 30d",
    )
    add_actions(
        parser,
        add_runs_dir,
        listing=Action(
            list_runs,
            help="list the runs",
            description="List the runs with their size and state, the oldest first.",
        ),
        pruning=Action(
            delete_runs,
            help="delete old runs, or shrink the runs to a size",
            description="Delete runs that ended some time ago. Then delete the oldest runs until "
            "all runs together fit a size. A run that `latest` names, and a run in progress, "
            "stays.",
        ),
        age="delete runs that ended this long ago",
        size="size of all runs",
    )


def list_runs(options: argparse.Namespace) -> int:
    """Print a line for each run, and their total size."""
    runs = kept_runs(options.runs_dir)
    width = max((len(run.name) for run in runs), default=0)
    for run in runs:
        state = f"{run.state}, {LATEST}" if run.is_latest else run.state
        size = size_text(run.size_bytes)
        sys.stdout.write(f"{time_text(run.used)}  {run.name:<{width}}  {size:>17}  {state}\n")
    sys.stdout.write(f"{total_text(runs, *_NOUNS)}, in {options.runs_dir}\n")
    return ExitCode.OK


def delete_runs(options: argparse.Namespace) -> int:
    """Delete runs and print how many.

    Raises:
        UsageError: neither an age nor a size is given, or a run cannot be deleted.
    """
    require_bounds(options)
    deleted = prune_runs(options.runs_dir, options.older_than, options.max_size)
    sys.stdout.write(f"deleted {total_text(deleted, *_NOUNS)}\n")
    return ExitCode.OK
