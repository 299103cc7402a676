from .component import quantize_to_litert

__all__ = ["quantize_to_litert"]
