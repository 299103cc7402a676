"""`quantgate show [RUN]`."""

import argparse
import sys

from quantgate.commands.common.arguments import add_decided_run, add_runs_dir, examples
from quantgate.commands.common.wrapping import fitted
from quantgate.errors import ExitCode
from quantgate.foundation.damage import refused_if_damaged
from quantgate.foundation.terminal import visible
from quantgate.records.integrity import REMEDY
from quantgate.runs.decided import decided_run, read_decision


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Show the decision of a run: the candidates, their metrics compared with the "
        "limits, and the winner."
    )
    parser.epilog = examples(
        "quantgate show",
        "quantgate show runs/digits/latest --html > report.html",
    )
    add_decided_run(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the decision as JSON")
    form.add_argument("--md", action="store_true", help="print the report as Markdown")
    form.add_argument(
        "--html", action="store_true", help="print the report as one self-contained page"
    )
    add_runs_dir(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Print the decision."""
    run = decided_run(options.run, options.runs_dir)
    decision = read_decision(run)
    if options.json:
        sys.stdout.write(decision.model_dump_json(indent=2) + "\n")
    elif options.md:
        from quantgate.report import markdown

        sys.stdout.write(markdown.render(decision))
    elif options.html:
        from quantgate.components.gate.plots import plots_of
        from quantgate.report import html

        with refused_if_damaged(f"{run} has contents that cannot be drawn", REMEDY):
            plots = plots_of(decision)
        sys.stdout.write(html.render(decision, plots))
    else:
        from quantgate.commands.common.decision_table import show_on_terminal

        header = f" {visible(str(run))}, decided at {visible(decision.created)}\n"
        sys.stdout.write(fitted(header, sys.stdout))
        show_on_terminal(decision)
    return ExitCode.OK
