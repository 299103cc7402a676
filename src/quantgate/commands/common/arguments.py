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
        help="override a value of the spec, such as gate.top1.max_drop=0.02 (repeatable)",
    )


def examples(*commands: str) -> str:
    """Return the end of a verb's help, with examples of its use."""
    return "examples:\n" + "".join(f"  {command}\n" for command in commands)


def default_cache() -> Path:
    """Return `$XDG_CACHE_HOME/quantgate`, or `~/.cache/quantgate` if that is not set."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches, "quantgate")


def add_cache_dir(parser: argparse._ActionsContainer) -> None:
    """Add --cache-dir."""
    parser.add_argument(
        "--cache-dir",
        type=Path,
        default=default_cache(),
        metavar="DIR",
        help="folder of the cached results of tasks (default: %(default)s)",
    )


def add_decided_run(parser: argparse.ArgumentParser) -> None:
    """Add RUN, the run whose decision is read."""
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="a run's folder, a model's folder of runs, a decision.json, or a spec, for its newest "
        "run (default: the newest run of quantgate.yaml, or else of all)",
    )


def add_runs_dir(parser: argparse.ArgumentParser) -> None:
    """Add --runs-dir."""
    parser.add_argument(
        "--runs-dir",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="folder of the runs (default: %(default)s)",
    )
