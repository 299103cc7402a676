"""`quantgate explain [RUN] CANDIDATE`."""

import argparse
import sys
from pathlib import Path

from quantgate.commands.common.arguments import add_decided_run, add_runs_dir, examples
from quantgate.commands.common.items import write_items
from quantgate.errors import ExitCode, UsageError
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.runs.decided import decided_run, read_decision


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Explain why a candidate won or lost: each limit with the measured value and "
        "the margin, the reason a model was rejected or failed, and each step of the choice among "
        "the qualifying candidates."
    )
    parser.epilog = examples(
        "quantgate explain integer_only_int8",
        "quantgate explain runs/digits/latest baseline",
    )
    add_decided_run(parser)
    parser.add_argument(
        "candidate", metavar="CANDIDATE", help="name of the candidate, or of the baseline"
    )
    add_runs_dir(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Print the reasons.

    Raises:
        UsageError: there is no run with a decision, or it has no such candidate.
        InputError: the decision file is damaged.
    """
    from quantgate.report.explain import explain
    from quantgate.report.text import one_line

    _refuse_swapped_arguments(options.run, options.candidate)
    decision = read_decision(decided_run(options.run, options.runs_dir))
    entry = _entry(decision, options.candidate)
    sys.stdout.write(f"{one_line(decision.name)}: {one_line(entry.name)}\n")
    write_items(explain(decision, entry))
    return ExitCode.OK


def _refuse_swapped_arguments(run: Path | None, candidate: str) -> None:
    if run and not run.exists() and Path(candidate).exists():
        raise UsageError(f"the run comes first: quantgate explain {candidate} {run}")


def _entry(decision: Decision, name: str) -> Entry:
    from quantgate.spec.problems.wording import did_you_mean, listed

    if entry := decision.entry(name):
        return entry
    names = [entry.name for entry in decision.entries]
    hint = did_you_mean(name, names) or f"The candidates are {listed(names, 'and')}."
    raise UsageError(f"{decision.name} has no candidate `{name}`. {hint}")
