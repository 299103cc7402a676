"""Arguments that several verbs share."""

import argparse
from pathlib import Path


def add_spec(parser: argparse.ArgumentParser) -> None:
    """Add SPEC and --set."""
    parser.add_argument("spec", type=Path, metavar="SPEC", help="the spec, a YAML file")
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a value of the spec, as in --set gate.top1.max_drop=0.02; repeatable",
    )


def add_runs_dir(parser: argparse.ArgumentParser) -> None:
    """Add --runs-dir."""
    parser.add_argument(
        "--runs-dir",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="where runs are kept (default: %(default)s)",
    )
