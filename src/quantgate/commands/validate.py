"""`quantgate validate SPEC`."""

import argparse
import sys

from quantgate.commands.common.arguments import add_spec, examples
from quantgate.commands.common.checking import check_files, spare_threads
from quantgate.errors import ExitCode
from quantgate.planning.planner import make_plan
from quantgate.spec import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Check a spec: that its keys and values are valid, that its limits are on "
        "measured metrics, that the model and data files exist, and that data and metrics fit the "
        "model's signature. All problems are shown at once, each with its line and a fix."
    )
    parser.epilog = examples(
        "quantgate validate quantgate.yaml",
        "quantgate validate quantgate.yaml --set gate.top1.max_drop=0.02",
    )
    add_spec(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Check the spec.

    Raises:
        SpecError: the spec or a file it names has a problem.
    """
    spare_threads()
    loaded = load(options.spec, options.overrides)
    check_files(loaded)
    plan = make_plan(loaded.spec)
    sys.stdout.write(f"{options.spec} is valid: {plan.extent} for {loaded.spec.name}\n")
    return ExitCode.OK
