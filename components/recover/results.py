"""The results of recovery, and the candidates that share them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from quantgate.components.litert.flatbuffer import Content, MappedFile
from quantgate.components.record_ranges.work import RECORD
from quantgate.components.recover.search import Outcome
from quantgate.domain.method import FLOAT32
from quantgate.foundation.copies import link_or_copy
from quantgate.records.outcomes import RecoveryStatus
from quantgate.records.recovery import Edit, Recovery

MODEL, RECOVERY = "model.tflite", "recovery.json"
#: An item of the loop over recovered candidates.
Item = Mapping[str, Any]


class Result(NamedTuple):
    """The result for one candidate.

    Attributes:
        recovery: the record.
        outcome: of the search, None if no edit was kept.
        provisional: whether another attempt may succeed.
    """

    recovery: Recovery
    outcome: Outcome | None = None
    provisional: bool = False

    def named(self, recovers: str) -> "Result":
        """Return the result for another candidate that has the same edits."""
        update: dict[str, Any] = {"recovers": recovers}
        if self.recovery.status == RecoveryStatus.UNCHANGED:
            update["reason"] = _nothing_better(recovers, self.recovery.edits)
        return self._replace(recovery=self.recovery.model_copy(update=update))

    def write(self, folder: Path) -> None:
        """Write the record, and the edited model with its ranges if any edit was kept."""
        folder.mkdir(parents=True, exist_ok=True)
        self.recovery.write(folder / RECOVERY)
        if self.outcome:
            _write(self.outcome.made.content, folder / MODEL)
            self.outcome.made.ranges.write(folder / RECORD)


def _write(content: Content, path: Path) -> None:
    """Write a model, or link to the file of one that is as it was."""
    if isinstance(content, MappedFile):
        link_or_copy(content.path, path)
    else:
        path.write_bytes(content)


def result_of(blank: Recovery, outcome: Outcome, per_run: int) -> Result:
    """Return the result of a search.

    Args:
        blank: the record before the search.
        outcome: of the search.
        per_run: the samples that a budget of 1 runs.
    """
    is_better = any(edit.kept for edit in outcome.edits)
    recovery = blank.model_copy(
        update={
            "status": RecoveryStatus.RECOVERED if is_better else RecoveryStatus.UNCHANGED,
            "reason": None if is_better else _nothing_better(blank.recovers, outcome.edits),
            "edits": outcome.edits,
            "scoring": outcome.scoring,
            "used": round(outcome.runs / per_run, 2),
            **_before_and_after(outcome),
            "float_difference": outcome.float_difference,
            "rules": list(outcome.made.request.rules),
            "output_type": outcome.made.widened,
        }
    )
    return Result(recovery, outcome if is_better else None)


def _before_and_after(outcome: Outcome) -> dict[str, float | None]:
    before, after = outcome.before, outcome.after
    if outcome.scoring:
        return {"before": before.figure, "after": after.figure}
    return {"before_db": round(before.db, 2), "after_db": round(after.db, 2)}


def _nothing_better(recovers: str, edits: Sequence[Edit]) -> str:
    tried = ", ".join(f"{edit.edit} ({edit.reason})" for edit in edits)
    return f"recovery found nothing better than `{recovers}`. It tried: {tried}"


def alike(items: Sequence[Item]) -> list[list[Item]]:
    """Group the items that differ only in the dtypes of inputs and outputs.

    Edits do not depend on them. One with integers comes first, as fewer ops of it can be left out.
    """
    groups: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda item: item["input_type"] == FLOAT32):
        groups.setdefault(repr(_without_ends(item)), []).append(item)
    return [*groups.values()]


def _without_ends(item: Item) -> list[tuple[str, Any]]:
    own = ("candidate", "recovers", "input_type", "output_type")
    return sorted((key, value) for key, value in item.items() if key not in own)
