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
from quantgate.records.entries import Entry
from quantgate.records.outcomes import CandidateStatus, VerdictOutcome
from quantgate.runs.run import Conclusion

#: Maximum number of undecided candidates that a run names at its end.
_SHOWN = 3


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
        if needs := undecided_text(conclusion.decision):
            _print_line("undecided", needs)
        _print_line("next", _next_command(conclusion, conclusion.decision))
    return conclusion.exit_code


def _print_line(label: str, text: object) -> None:
    sys.stdout.write(f"{label + ':':<9} {text}\n")


def _places(conclusion: Conclusion, decision: Decision) -> Iterator[tuple[str, object]]:
    """Yield the places of what a run made."""
    if model := conclusion.run.model_of(decision):
        yield "winner" if decision.winner else "kept", _short(model)
        if conclusion.promoted_to:
            yield "promoted", _short(conclusion.promoted_to)
    yield "report", _short(conclusion.run.page)


def _short(place: Path | str) -> str:
    """Return a path relative to the working folder if it is in it, and another place as it is."""
    path = Path(place)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else place)


def undecided_text(decision: Decision) -> str:
    """Return what undecided candidates need beside a winner, empty if there are none."""
    undecided = [entry for entry in decision.candidates if _only_lacks_samples(entry)]
    if decision.winner is None or not undecided:
        return ""
    others = f" and {len(undecided) - _SHOWN} more" if len(undecided) > _SHOWN else ""
    return ", ".join(map(_need, undecided[:_SHOWN])) + others


def _only_lacks_samples(entry: Entry) -> bool:
    missed = {verdict.outcome for verdict in entry.verdicts if not verdict.passed}
    return entry.status is CandidateStatus.MEASURED and missed == {VerdictOutcome.UNDECIDED}


def _need(entry: Entry) -> str:
    needs = [verdict.samples_needed for verdict in entry.verdicts if not verdict.passed]
    if None in needs:
        return f"{entry.name} (needs a wider limit)"
    samples = max(needed for needed in needs if needed is not None)
    return f"{entry.name} (about {samples:,} samples would decide)"


def _next_command(conclusion: Conclusion, decision: Decision) -> str:
    """Return the command that most people run after such a run."""
    run = shlex.quote(_short(conclusion.run.path))
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
