"""The table of candidates on the terminal."""

import os
import sys

from quantgate.commands.common.console import VisibleConsole
from quantgate.records.decision import Decision
from quantgate.report import terminal

LOG_COLUMNS = 120


def show_on_terminal(decision: Decision) -> None:
    """Print the table of candidates and the outcome, with a fixed width if not on a terminal."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else LOG_COLUMNS
    terminal.render(decision, VisibleConsole(width=width))
