"""Planning: candidates, tasks and run parameters of a spec."""

from typing import TYPE_CHECKING

from quantgate.foundation.deferred import attributes

if TYPE_CHECKING:
    from quantgate.planning.planner import make_plan

__all__ = ["make_plan"]
__getattr__ = attributes(__name__, {"make_plan": "quantgate.planning.planner"})
