"""The output at the end of a run."""

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from quantgate.commands.common.bounds import size_text
from quantgate.commands.common.decision_table import show_on_terminal
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
        _print_line("on disk", size_text(disk_bytes(conclusion.run.path)))
    if conclusion.failures is not None or conclusion.decision is None:
        raise StepFailed(conclusion.failures or "no decision was made")
    for label, text in _places(conclusion, conclusion.decision):
        _print_line(label, text)
    if not manner.quiet:
        _print_line("next", _next_command(conclusion, conclusion.decision))
    return conclusion.exit_code


def _print_line(label: str, text: object) -> None:
    sys.stdout.write(f"{label + ':':<10}{text}\n")


def _places(conclusion: Conclusion, decision: Decision) -> Iterator[tuple[str, object]]:
    """Yield the places of what a run made."""
    if model := conclusion.run.model_of(decision):
        yield "winner" if decision.winner else "kept", model
        if conclusion.promoted_to:
            yield "promoted", conclusion.promoted_to
    yield "report", conclusion.run.page


def _next_command(conclusion: Conclusion, decision: Decision) -> str:
    """Return the command that most people run after such a run."""
    path, here = conclusion.run.path, Path.cwd()
    run = shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
    if decision.winner and not conclusion.promoted_to:
        return f"quantgate promote {run} --to FOLDER"
    subject = decision.winner or (decision.closest.name if decision.closest else None)
    return f"quantgate explain {run} {subject}" if subject else f"quantgate logs {run}"


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
