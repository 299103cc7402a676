"""Post-training quantization of TensorFlow models for LiteRT: declared, measured and gated."""

from typing import TYPE_CHECKING

from quantgate.foundation.deferred import attributes

if TYPE_CHECKING:
    from quantgate.api import Result, load_decision, run
    from quantgate.spec.reading.self_contained import self_contained

__version__ = "0.1.0"
__all__ = ["Result", "__version__", "load_decision", "run", "self_contained"]
__getattr__ = attributes(
    __name__,
    {
        **dict.fromkeys(("Result", "load_decision", "run"), "quantgate.api"),
        "self_contained": "quantgate.spec.reading.self_contained",
    },
)
