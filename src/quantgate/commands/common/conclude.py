"""The output at the end of a run."""

import argparse
import os
import sys
from collections.abc import Callable

from quantgate.commands.common.bounds import size_text
from quantgate.commands.common.guard import explained
from quantgate.display.json_lines import write_event
from quantgate.display.manner import Manner
from quantgate.errors import ExitCode, StepFailed
from quantgate.foundation.files import disk_bytes
from quantgate.records.decision import Decision
from quantgate.runs.run import Conclusion


def conclude(conclusion: Conclusion, manner: Manner) -> int:
    """Print the outcome of a run, and return its exit code.

    Raises:
        StepFailed: a task failed, so there is no decision or no promotion.
    """
    if manner.as_json:
        return _conclude_as_json(conclusion)
    if conclusion.decision is not None:
        _print_decision(conclusion.decision, manner)
    if not manner.quiet:
        sys.stdout.write(f"on disk: {size_text(disk_bytes(conclusion.run.path))}\n")
    if conclusion.failures is not None:
        raise StepFailed(conclusion.failures)
    if conclusion.exit_code in (ExitCode.NOTHING_QUALIFIED, ExitCode.DOUBTFUL):
        sys.stdout.write(f"report:  {conclusion.run.page}\n")
    elif conclusion.decision is not None and conclusion.decision.winner is None:
        sys.stdout.write(
            f"kept:    {conclusion.run.kept_baseline}\nreport:  {conclusion.run.page}\n"
        )
    else:
        sys.stdout.write(f"winner:  {conclusion.run.winner}\nreport:  {conclusion.run.page}\n")
    return conclusion.exit_code


def _print_decision(decision: Decision, manner: Manner) -> None:
    if manner.quiet:
        sys.stdout.write(f"{decision.name}: {decision.summary}\n")
    else:
        show_on_terminal(decision)


def _conclude_as_json(conclusion: Conclusion) -> int:
    decision, run = conclusion.decision, conclusion.run
    model = run.model_of(decision) if decision else None
    if conclusion.failures is not None:
        write_event(sys.stdout, "error", message=conclusion.failures)
    write_event(
        sys.stdout,
        "result",
        outcome="failed" if conclusion.failures is not None or not decision else decision.outcome,
        doubts=decision.doubts if decision else [],
        winner=decision.winner if decision else None,
        promotes=decision.promoted.name if decision and decision.promoted else None,
        model=str(model) if model else None,
        decision=str(run.decision) if decision else None,
        run=str(run.path),
        disk_bytes=disk_bytes(run.path),
        exit_code=int(conclusion.exit_code),
    )
    return conclusion.exit_code


def guarded_as_json(
    handler: Callable[[argparse.Namespace], int], options: argparse.Namespace
) -> int:
    """Run a command, and print an error as JSON events, the last one of type `result`."""
    try:
        return handler(options)
    except BrokenPipeError:
        raise
    except BaseException as error:
        code, message = explained(error, options)
        outcome = "interrupted" if code == ExitCode.INTERRUPTED else "failed"
        write_event(sys.stdout, "error", message=message)
        write_event(sys.stdout, "result", outcome=outcome, doubts=[], winner=None, promotes=None,
                    model=None, decision=None, run=None, disk_bytes=None,
                    exit_code=int(code))  # fmt: skip
        return code


LOG_COLUMNS = 120


def show_on_terminal(decision: Decision) -> None:
    """Print the table of candidates and the outcome, with a fixed width if not on a terminal."""
    from quantgate.commands.common.console import VisibleConsole
    from quantgate.report import terminal

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else LOG_COLUMNS
    terminal.render(decision, VisibleConsole(width=width))
