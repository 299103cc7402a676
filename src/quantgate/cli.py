"""The command `quantgate`: one verb, one file in `quantgate.commands`."""

import argparse
import sys
from collections.abc import Sequence

from quantgate import __version__
from quantgate.commands import cache, demo, init, inspect, logs, plan, run, show, validate
from quantgate.commands import compile as compile_command
from quantgate.commands.guard import guarded

_EPILOG = """\
a first look:      quantgate demo
your own model:    quantgate init, then quantgate run quantgate.yaml
on a cluster:      quantgate compile quantgate.yaml -o pipeline.yaml, then upload the file to KFP

exit codes: 0 a winner (or simply done); 1 a step failed; 2 wrong usage; 3 the spec is invalid;
            4 no candidate keeps the limits; 70 a bug in quantgate; 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (`quantgate.errors.ExitCode`)."""
    options = _parser().parse_args(arguments)
    return guarded(options.handler, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quantgate",
        description="Try every LiteRT post-training quantization mode on a trained TensorFlow "
        "model, measure each candidate, and hand over the best one that keeps your limits.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"quantgate {__version__}")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (init, validate, plan, compile_command, run, show, logs, inspect, cache, demo):
        command.add_to(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
