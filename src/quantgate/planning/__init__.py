"""Planning: candidates, tasks and run parameters of a spec."""

from quantgate.planning.planner import make_plan

__all__ = ["make_plan"]
