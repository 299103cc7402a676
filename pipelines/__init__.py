"""Plan -> KFP pipeline -> IR."""

from quantgate.pipelines.compile import compile_pipeline

__all__ = ["compile_pipeline"]
