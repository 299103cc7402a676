"""The outcome of measuring a model on one target."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from quantgate.components.measure_targets.attempt import Attempt


@dataclass(frozen=True)
class Outcome:
    """The measurements of a model on one target, with notes about missing ones.

    Attributes:
        tool: the tool that measured, with its version.
        figures: measurements by name, without those that are not known.
        notes: sentences about the model on this target.
        attempts: the calls of the tool.
        elsewhere: number of ops left to the CPU, by name.
        compiled: the model that a compiler made for the target.
        differences: difference of each output from LiteRT's, by name.
        warnings: sentences about tools or devices that this machine lacks.
        ops: number of ops in the model that firmware runs, by name.
    """

    tool: str
    figures: dict[str, float]
    notes: list[str] = field(default_factory=list)
    attempts: Sequence[Attempt[Any]] = ()
    elsewhere: dict[str, int] = field(default_factory=dict)
    compiled: bytes | None = None
    differences: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    ops: dict[str, int] = field(default_factory=dict)

    @property
    def is_provisional(self) -> bool:
        """True if another attempt, or a machine with more tools, may give another outcome."""
        return bool(self.warnings) or any(each.is_provisional for each in self.attempts)


def shares(target: str, elsewhere: dict[str, int], ops: dict[str, int]) -> dict[str, float]:
    """Return the share of ops that a target runs, and the number that it leaves to the CPU."""
    left, all_ops = sum(elsewhere.values()), sum(ops.values())
    share = 1 - left / all_ops if all_ops else 0.0
    return {f"{target}_ops_share": round(share, 6), f"{target}_cpu_ops": float(left)}


def counted_text(ops: dict[str, int]) -> str:
    """Return the number of each op as text: "2 QUANTIZE, 1 SOFTMAX"."""
    return ", ".join(f"{count} {name}" for name, count in sorted(ops.items()))
