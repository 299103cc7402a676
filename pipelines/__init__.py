"""Compile a plan into a KFP pipeline, check pipelines, and send them to a cluster."""

from quantgate.pipelines.compile import compile_pipeline
from quantgate.pipelines.graph.embed import quantize_and_gate

__all__ = ["compile_pipeline", "quantize_and_gate"]
