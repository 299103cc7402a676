"""What came of measuring a model on one target."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from quantgate.components.measure_targets.attempt import Attempt


@dataclass(frozen=True)
class Outcome:
    """Figures, and sentences about what could not be told or did not go as it should.

    Attributes:
        tool: what measured, with its version.
        figures: by name; what could not be told is missing.
        notes: a sentence each.
        attempts: the calls that it rests on.
        elsewhere: how many ops the target leaves to the CPU, by name.
        compiled: the model that a compiler made for the target.
        warnings: sentences about what this machine lacks, not about the model.
    """

    tool: str
    figures: dict[str, float]
    notes: list[str] = field(default_factory=list)
    attempts: Sequence[Attempt[Any]] = ()
    elsewhere: dict[str, int] = field(default_factory=dict)
    compiled: bytes | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def is_provisional(self) -> bool:
        """Whether another try, or the same machine with more on it, may tell otherwise."""
        return bool(self.warnings) or any(each.is_provisional for each in self.attempts)


def shares(target: str, elsewhere: dict[str, int], ops: dict[str, int]) -> dict[str, float]:
    """The share of the ops that a target takes, and how many it leaves to the CPU."""
    left, all_ops = sum(elsewhere.values()), sum(ops.values())
    share = 1 - left / all_ops if all_ops else 0.0
    return {f"{target}_ops_share": round(share, 6), f"{target}_cpu_ops": float(left)}


def counted_text(ops: dict[str, int]) -> str:
    """Ops and how many of each: "2 QUANTIZE, 1 SOFTMAX"."""
    return ", ".join(f"{count} {name}" for name, count in sorted(ops.items()))
