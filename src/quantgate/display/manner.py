"""The choice of the output for a run: tree, lines, JSON or nothing."""

import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantgate.local_runner import Observer


@dataclass(frozen=True)
class Manner:
    """The output that the user asked for.

    Attributes:
        as_json: events as JSON. It excludes `quiet`.
        verbose: the output of tasks, too. It excludes `quiet`.
        quiet: only the outcome.
    """

    as_json: bool = False
    verbose: bool = False
    quiet: bool = False


def observer(manner: Manner, run: Path) -> "AbstractContextManager[Observer]":
    """Return the observer that shows a run: by default a tree on a terminal, otherwise lines."""
    if manner.quiet:
        from quantgate.local_runner.records.events import say_nothing

        return nullcontext(say_nothing)
    if manner.as_json:
        from quantgate.display.json_lines import JsonLines

        return JsonLines(run, sys.stdout, manner.verbose)
    sys.stdout.write(f"run {run}\n")
    sys.stdout.flush()
    from quantgate.display.live import LiveTree, can_draw

    if can_draw(sys.stdout):
        return LiveTree(sys.stdout, manner.verbose)
    from quantgate.display.plain import PlainLines

    return PlainLines(sys.stdout, sys.stderr, manner.verbose)
