"""`quantgate demo`."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from quantgate.commands.common.arguments import default_cache
from quantgate.commands.common.conclude import conclude
from quantgate.commands.demo_digits import make_example
from quantgate.errors import ExitCode
from quantgate.foundation.extras import FOR_A_RUN, require
from quantgate.planning.planner import make_plan
from quantgate.runs.folder import LATEST
from quantgate.runs.run import Settings, run_spec
from quantgate.spec import load, preflight

_NEXT = """
what to type next:
  {command} show {run}
      this table again; --md, --json
  {command} plan {spec}
      which modes were tried, and why
  {command} run {spec} --set gate.top1.max_drop=0.001
      the same with another limit
  {command} init
      a spec for a model of your own
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "demo",
        help="train a small model, quantize it in every mode, and pick the best",
        description="Train a small convolutional network on scikit-learn's handwritten digits, "
        "write the SavedModel, the data and a spec into a folder, and run the spec. Takes about "
        "half a minute; run again, it uses the model that is there.",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("quantgate-demo"),
        metavar="DIR",
        help="where to put it all (default: %(default)s)",
    )
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Make the example where it is not there yet, and run it."""
    require("the demo", *FOR_A_RUN)
    sys.stdout.write(f"making the model and the data in {options.folder}\n")
    sys.stdout.flush()
    spec = make_example(options.folder)
    loaded = load(spec)
    preflight(loaded)
    runs = options.folder / "runs"
    settings = Settings(runs, cache=default_cache())
    outcome = conclude(run_spec(loaded, make_plan(loaded.spec), settings), settings.manner)
    if outcome == ExitCode.OK:
        run = runs / loaded.spec.name / LATEST
        sys.stdout.write(_NEXT.format(command=_command(), run=run, spec=spec))
    return outcome


def _command() -> str:
    """Return what the user has to type for `quantgate`: its path, where PATH does not have it."""
    typed = Path(sys.argv[0])
    return "quantgate" if shutil.which("quantgate") else os.path.relpath(typed)
