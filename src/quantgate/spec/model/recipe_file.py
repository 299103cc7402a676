"""A rule in a JSON file of LiteRT Quantizer, with every key that the library knows.

The library takes a misspelt key for a parameter of an algorithm, without an error.
"""

from typing import Any, Literal

from pydantic import Field

from quantgate.spec.model.section import Section, Text

Granularity = Literal[
    "TENSORWISE",
    "CHANNELWISE",
    "BLOCKWISE_32",
    "BLOCKWISE_64",
    "BLOCKWISE_128",
    "BLOCKWISE_256",
]


class TensorConfig(Section):
    """The form of weights or activations."""

    num_bits: Literal[2, 4, 8, 16]
    symmetric: bool = True
    granularity: Granularity = "TENSORWISE"
    dtype: Literal["INT", "UINT", "FLOAT"] = "INT"
    block_size: Literal[0, 32, 64, 128, 256] = 0
    algorithm_params: dict[str, Any] = {}


class OpConfig(Section):
    """The form of an op."""

    activation_tensor_config: TensorConfig | None = None
    weight_tensor_config: TensorConfig
    compute_precision: Literal["INTEGER", "FLOAT"] = "FLOAT"
    explicit_dequantize: bool = False
    skip_checks: Literal[False] = False
    min_weight_elements: int = Field(default=0, ge=0)

    @property
    def is_dynamic(self) -> bool:
        """True if ops take float activations and compute with integer weights."""
        return self.compute_precision == "INTEGER" and self.activation_tensor_config is None


class FileRule(Section):
    """A rule for the ops that match a regular expression."""

    regex: Text
    operation: Text
    algorithm_key: Text
    op_config: OpConfig | None = None
