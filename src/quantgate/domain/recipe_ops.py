"""The ops that a rule of a recipe can be for, by LiteRT Quantizer's names."""

from collections.abc import Mapping
from types import MappingProxyType

EVERY_OP = "*"
#: A dense layer.
DENSE = "FULLY_CONNECTED"
#: The ops that the library calls by another name than LiteRT.
LIBRARY_NAMES: Mapping[str, str] = MappingProxyType({"TRANSPOSE_CONV": "CONV_2D_TRANSPOSE"})
#: The ops that stand for the inputs and outputs of the model.
ENDS = ("INPUT", "OUTPUT")
OPERATIONS = (
    EVERY_OP,
    *ENDS,
    "ADD",
    "AVERAGE_POOL_2D",
    "BATCH_MATMUL",
    "BROADCAST_TO",
    "CONCATENATION",
    "CONV_2D",
    "CONV_2D_TRANSPOSE",
    "DEPTHWISE_CONV_2D",
    "DIV",
    "DYNAMIC_UPDATE_SLICE",
    "EMBEDDING_LOOKUP",
    "EQUAL",
    DENSE,
    "GATHER",
    "GATHER_ND",
    "GELU",
    "HARD_SWISH",
    "LOGISTIC",
    "MAXIMUM",
    "MAX_POOL_2D",
    "MEAN",
    "MIRROR_PAD",
    "MUL",
    "NOT_EQUAL",
    "PACK",
    "PAD",
    "PADV2",
    "REDUCE_MIN",
    "RELU",
    "RESHAPE",
    "RESIZE_BILINEAR",
    "RESIZE_NEAREST_NEIGHBOR",
    "RSQRT",
    "SELECT",
    "SELECT_V2",
    "SLICE",
    "SOFTMAX",
    "SPACE_TO_DEPTH",
    "SPLIT",
    "SQRT",
    "SQUARED_DIFFERENCE",
    "STABLEHLO_COMPOSITE",
    "STRIDED_SLICE",
    "SUB",
    "SUM",
    "TANH",
    "TRANSPOSE",
    "UNPACK",
)
