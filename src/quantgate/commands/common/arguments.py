"""Arguments that several verbs share."""

import argparse
import os
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


def default_cache() -> Path:
    """Return `$XDG_CACHE_HOME/quantgate`, or what stands for it where that is not set."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches, "quantgate")


def add_cache_dir(parser: argparse._ActionsContainer) -> None:
    """Add --cache-dir."""
    parser.add_argument(
        "--cache-dir",
        type=Path,
        default=default_cache(),
        metavar="DIR",
        help="where results of tasks are kept, to be used again (default: %(default)s)",
    )


def add_decided_run(parser: argparse.ArgumentParser) -> None:
    """Add RUN, the run whose decision is read; without it, the newest decided one."""
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="a run's folder, a model's folder of runs, or a decision.json "
        "(default: the newest decided run)",
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
