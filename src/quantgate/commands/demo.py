"""`quantgate demo`."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from quantgate.commands.common.arguments import default_cache, examples
from quantgate.commands.common.checking import check_files
from quantgate.commands.common.conclude import conclude
from quantgate.commands.demo_digits import make_example
from quantgate.errors import ExitCode
from quantgate.foundation.extras import FOR_A_RUN, FOR_TENSORFLOW, require
from quantgate.planning.planner import make_plan
from quantgate.runs.folder import LATEST
from quantgate.runs.run import Settings, run_spec
from quantgate.spec import load

_NEXT = """
next steps:
  {command} show {run}
      show this table again, or with --md or --json
  {command} plan {spec}
      show the modes and recipes that were tried, and why
  {command} run {spec} --set gate.top1.max_drop=0.001
      run again with another limit
  {command} init
      write a spec for your own model
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Train a small convolutional network on scikit-learn's handwritten digits, "
        "write the SavedModel, the data and a spec into a folder, and run the spec. This takes "
        "about half a minute. A second run reuses the trained model."
    )
    parser.epilog = examples(
        "quantgate demo",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("quantgate-demo"),
        metavar="DIR",
        help="folder for the model, the data and the runs (default: %(default)s)",
    )
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Create the example unless it exists already, and run it."""
    require("the demo", *FOR_A_RUN, *FOR_TENSORFLOW)
    sys.stdout.write(f"creating the model and the data in {options.folder}\n")
    sys.stdout.flush()
    spec = make_example(options.folder)
    loaded = load(spec)
    check_files(loaded)
    runs = options.folder / "runs"
    settings = Settings(runs, cache=default_cache())
    outcome = conclude(run_spec(loaded, make_plan(loaded.spec), settings), settings.manner)
    if outcome == ExitCode.OK:
        run = runs / loaded.spec.name / LATEST
        sys.stdout.write(_NEXT.format(command=_command(), run=run, spec=spec))
    return outcome


def _command() -> str:
    """Return `quantgate`, or the path of the command if it is not on PATH."""
    typed = Path(sys.argv[0])
    return "quantgate" if shutil.which("quantgate") else os.path.relpath(typed)
