"""The ranges that were assumed, because calibration gave none."""

from collections.abc import Iterator

from ai_edge_litert.schema_py_generated import TensorType

from quantgate.components.litert.flatbuffer import Content, parse
from quantgate.components.quantizer.names import shortlist, source_name
from quantgate.domain.calibrators import ASSUMED_GREATEST
from quantgate.records.calibration import Ranges

_INTEGERS = (TensorType.INT8, TensorType.UINT8, TensorType.INT16)


def assumptions(content: Content, ranges: Ranges) -> Iterator[str]:
    """Yield a sentence about the quantized tensors that are 0 for all calibration samples.

    Args:
        content: the quantized model, which may be empty.
        ranges: those that it was made with.
    """
    zero = {each.name for each in ranges.tensors if each.is_zero}
    names = sorted(zero & _quantized(content)) if zero and content else []
    if names:
        verb = "is" if len(names) == 1 else "are"
        yield (
            f"{shortlist(names)} {verb} 0 for all calibration samples, and the range from 0 to "
            f"{ASSUMED_GREATEST:g} was assumed. Calibrate on samples for which the values differ"
        )


def _quantized(content: Content) -> set[str]:
    tensors = (tensor for graph in parse(content).subgraphs for tensor in graph.tensors)
    return {source_name(tensor.name) for tensor in tensors if tensor.type in _INTEGERS}
