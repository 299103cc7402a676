"""From a spec to a plan, and what the plan means on a cluster."""

from quantgate.planning.planner import make_plan

__all__ = ["make_plan"]
