"""The errors of ops in reports: the candidate that is shown, rows of a table, and sentences."""

from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.records.sensitivity import OpError, Sensitivity
from quantgate.report.text import one_line

TITLE = "Errors by op"
COLUMNS = ("layer", "op", "adds", "error", "bytes in float")
_MOST_IN_A_LINE = 3


def shown(decision: Decision) -> Entry | None:
    """Return the candidate whose ops are shown: the closest one, or the first with errors."""
    measured = [entry for entry in decision.candidates if entry.sensitivity]
    closest = decision.closest.name if decision.closest else ""
    return next((each for each in measured if each.name == closest), next(iter(measured), None))


def rows(sensitivity: Sensitivity) -> list[tuple[str, str, str, str, str]]:
    """Return a row for each of the worst ops."""
    return [
        (
            one_line(each.layer),
            each.op,
            percent(each.added),
            percent(each.error),
            f"{each.float_bytes:,}",
        )
        for each in sensitivity.worst
    ]


def note(name: str, sensitivity: Sensitivity) -> str:
    """Return a sentence about the table and the plot."""
    return (
        f"{one_line(name)} compared with float32, tensor by tensor, on {sensitivity.samples} "
        f"{sensitivity.data} samples. The error of an op is the squared error of its output "
        "divided by the squared values, as the mean over channels. An op adds its error minus "
        f"that of its inputs. {_count(sensitivity)}"
    )


def worst_text(sensitivity: Sensitivity) -> str:
    """Return the worst ops in one line, empty if no op adds an error."""
    worst = ", ".join(map(_named, sensitivity.worst[:_MOST_IN_A_LINE]))
    return worst and f"{worst} (on {sensitivity.samples} {sensitivity.data} samples)"


def percent(error: float) -> str:
    """Return an error in percent, with three digits."""
    return f"{100 * error:.3g} %"


def _count(sensitivity: Sensitivity) -> str:
    count, ops = len(sensitivity.worst), len(sensitivity.ops)
    return f"The table shows the {count} worst of {ops} ops."


def _named(error: OpError) -> str:
    return f"{error.op} `{one_line(error.layer)}` adds {percent(error.added)}"
