"""`quantgate validate SPEC`."""

import argparse
import sys

from quantgate.commands.common.arguments import add_spec
from quantgate.errors import ExitCode
from quantgate.planning.planner import make_plan
from quantgate.spec import load, preflight


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "validate",
        help="check a spec and the files it names, without running anything",
        description="Check a spec: its keys and values, its limits against what is measured, "
        "and that model and data are where it says. Every problem is shown at once, with its "
        "line and the way out.",
    )
    add_spec(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Check the spec; problems come as a SpecError."""
    loaded = load(options.spec, options.overrides)
    preflight(loaded)
    plan = make_plan(loaded.spec)
    sys.stdout.write(f"{options.spec} is valid: {plan.extent} for {loaded.spec.name}\n")
    return ExitCode.OK
