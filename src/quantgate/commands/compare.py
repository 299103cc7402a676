"""`quantgate compare RUN RUN`."""

import argparse
import sys
from pathlib import Path

from quantgate.commands.common.arguments import examples
from quantgate.commands.common.items import write_items
from quantgate.errors import ExitCode
from quantgate.runs.decided import read_decision


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Show what changed between two runs: the winner, the model, the data, the "
        "versions, the limits, and each candidate's metrics. Unchanged values are left out."
    )
    parser.epilog = examples(
        "quantgate compare runs/digits/20260105T093000 runs/digits/latest",
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
