"""`quantgate compare RUN RUN`."""

import argparse
import sys
from pathlib import Path

from quantgate.commands.common.items import write_items
from quantgate.errors import ExitCode
from quantgate.runs.folder import read_decision


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "compare",
        help="show what changed between two runs",
        description="Show what changed between two runs: the winner, the model, the data, the "
        "versions, the limits, and each candidate's metrics. Unchanged values are left out.",
    )
    for name, which in (("first", "the earlier run"), ("second", "the later run")):
        parser.add_argument(
            name,
            type=Path,
            metavar="RUN",
            help=f"{which}: its folder, a model's folder of runs, or a decision.json",
        )
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Print the changes.

    Raises:
        UsageError: one of the two is not a run with a decision.
        InputError: a decision file is damaged.
    """
    from quantgate.report.compare import compare

    changes = compare(read_decision(options.first), read_decision(options.second))
    sys.stdout.write(f"{options.first} -> {options.second}\n")
    if not changes:
        sys.stdout.write("  nothing changed\n")
    write_items(changes)
    return ExitCode.OK
