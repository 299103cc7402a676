"""The kinds of hardware that `modes: auto` and `recipes: auto` choose for."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

#: The names of `HARDWARE`, for type checkers.
HardwareName = Literal["cpu", "gpu", "npu", "edge_tpu", "microcontroller", "ethos_u"]


@dataclass(frozen=True)
class Hardware:
    """A branch of the guide's decision tree.

    Attributes:
        name: the name in a spec's `quantize.target`.
        runs: the reason to try the modes that it runs, as shown by `quantgate plan`.
        why_not: the reason to leave out the others.
        embedded: whether it runs models of one sample at a time, with fixed shapes.
        integer_only: whether a recipe that leaves an op in float is useless for it.
    """

    name: HardwareName
    runs: str
    why_not: str = ""
    embedded: bool = False
    integer_only: bool = False


CPU = Hardware("cpu", "a CPU runs every mode")
GPU = Hardware("gpu", "a GPU computes in floating point: float16", "the mode for a GPU is float16")
NPU = Hardware(
    "npu",
    "an NPU computes with integers",
    "an NPU runs models with integer activations",
)
EDGE_TPU = Hardware(
    "edge_tpu",
    "an Edge TPU runs integer-only models",
    "an Edge TPU runs 8-bit integer-only models",
    embedded=True,
    integer_only=True,
)
MICROCONTROLLER = Hardware(
    "microcontroller",
    "microcontrollers run integer-only models",
    "a microcontroller runs 8-bit integer-only models",
    embedded=True,
    integer_only=True,
)
ETHOS_U = Hardware(
    "ethos_u",
    "an Ethos-U computes with 8-bit weights and integer activations",
    "an Ethos-U runs models with 8-bit weights and integer activations",
    embedded=True,
)

#: All kinds of hardware by name.
HARDWARE: Mapping[str, Hardware] = MappingProxyType(
    {hardware.name: hardware for hardware in (CPU, GPU, NPU, EDGE_TPU, MICROCONTROLLER, ETHOS_U)}
)
