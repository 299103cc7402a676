"""Plan -> KFP pipeline -> IR."""

from quantgate.pipelines.compile import compile_pipeline
from quantgate.pipelines.graph.embed import quantize_and_gate

__all__ = ["compile_pipeline", "quantize_and_gate"]
