"""The stricter of two estimates of the same value."""

from dataclasses import dataclass

from quantgate.statistics.estimates import Estimate
from quantgate.statistics.moments import Obstacle


@dataclass(frozen=True)
class Stricter:
    """Two estimates, of which a limit has to be met by both."""

    first: Estimate
    second: Estimate

    @property
    def samples(self) -> int:
        """The number of samples."""
        return self.first.samples

    @property
    def p_value(self) -> float | None:
        """McNemar's p-value, if there is one."""
        return self.second.p_value

    def obstacle(self, confidence: float, limit: float) -> Obstacle | None:
        """Return the first reason why no bound could meet a limit, or None if one could."""
        return self.first.obstacle(confidence, limit) or self.second.obstacle(confidence, limit)

    def at_most(self, limit: float) -> float:
        """Return the greater p-value."""
        return max(self.first.at_most(limit), self.second.at_most(limit))

    def at_least(self, limit: float) -> float:
        """Return the greater p-value on the other side."""
        return max(self.first.at_least(limit), self.second.at_least(limit))

    def upper(self, confidence: float) -> float:
        """Return the larger bound."""
        return max(self.first.upper(confidence), self.second.upper(confidence))

    def lower(self, confidence: float) -> float:
        """Return the smaller bound."""
        return min(self.first.lower(confidence), self.second.lower(confidence))

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return both bounds."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Return the greater number."""
        return max(
            self.first.samples_to_decide(confidence, limit),
            self.second.samples_to_decide(confidence, limit),
        )
