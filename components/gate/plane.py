"""The two figures of a scatter plot, with their units."""

from dataclasses import dataclass

from quantgate.components.gate.names import LONGEST_NAME
from quantgate.domain.figures import FIGURES, LATENCIES, metric_of
from quantgate.records.decision import Decision, more_is_better
from quantgate.wording.figures import KIB, MIB, figure_text, is_size, short_name, size_text


@dataclass(frozen=True)
class Plane:
    """The two figures of a scatter plot, and the decision that they are of.

    Attributes:
        decision: the decision whose candidates are drawn.
        cost: the figure on the horizontal axis.
        metric: the figure on the vertical axis.
    """

    decision: Decision
    cost: str
    metric: str

    @property
    def more_is_better(self) -> bool:
        """True if a greater metric is better."""
        return more_is_better(self.metric, self.decision)

    @property
    def more_cost_is_better(self) -> bool:
        """True if a greater figure on the horizontal axis is better."""
        return more_is_better(self.cost, self.decision)

    @property
    def per_unit(self) -> int:
        """The number of bytes in the unit of sizes, KiB or MiB. 1 for other figures."""
        if not is_size(self.cost):
            return 1
        sizes = (entry.measurements.get(self.cost, 0) for entry in self.decision.entries)
        return MIB if max(sizes) >= MIB else KIB

    def position(self, cost: float) -> float:
        """Return the place of a cost on the horizontal axis."""
        return cost / self.per_unit

    def cost_text(self, position: float) -> str:
        """Return the cost at a place on the horizontal axis, with its unit."""
        cost = position * self.per_unit
        return size_text(cost) if is_size(self.cost) else figure_text(self.cost, cost)

    def metric_text(self, value: float) -> str:
        """Return a value of the metric with its unit."""
        return figure_text(metric_of(self.metric, self.decision.metrics) or self.metric, value)

    @property
    def cost_title(self) -> str:
        """The title of the horizontal axis."""
        name = f"{'latency ' * (self.cost in LATENCIES)}{short_name(self.cost)}"
        unit = {1: FIGURES[self.cost].unit, KIB: "KiB", MIB: "MiB"}[self.per_unit]
        return ", ".join(filter(None, (name, unit)))

    @property
    def metric_title(self) -> str:
        """The title of the vertical axis."""
        name = self.metric
        return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
