"""The targets that models are measured on beside the CPU: figures, options and needs."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from quantgate.domain.figure import Figure, count_of, count_of_bytes, share

#: The file with a model's measurements on targets, in a folder beside compiled models.
TARGETS_FILE = "targets.json"

#: The suffixes of the files that are published with the winner for its targets.
SHIPPED = (".tflite", ".h", ".cc")
#: The default of the largest difference between a target's outputs and LiteRT's:
#: `rms(target - LiteRT) / rms(LiteRT)`. On 8 samples, sound int8 models differ by up to 0.03 from
#: LiteRT's reference kernels and 0.21 from its default ones. Wrong models differ by 0.4 to 1.3.
TOLERANCE = 0.25
#: The names of `TARGETS`, for type checkers.
TargetName = Literal["microcontroller", "ethos_u", "edge_tpu", "gpu"]


@dataclass(frozen=True)
class Target:
    """A kind of hardware that candidates are measured on.

    Attributes:
        name: the name in a spec's `measure.targets`.
        figures: the figures that measuring yields, for candidates only.
        module: the module that measures, if that is not LiteRT.
        needs: the required keys of its entry in a spec.
        takes: the keys that the entry may have.
        embedded: whether it runs models of one sample at a time, with fixed shapes.
    """

    name: TargetName
    figures: tuple[Figure, ...]
    module: str | None = None
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    embedded: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """All keys that the entry may have beside its name."""
        return (*self.needs, *self.takes)


ARENA = count_of_bytes("mcu_arena_bytes")
MICROCONTROLLER = Target(
    "microcontroller",
    (
        share("mcu_runs"),
        ARENA,
        count_of_bytes("mcu_arena_persistent_bytes"),
        count_of_bytes("mcu_arena_nonpersistent_bytes"),
        count_of_bytes("mcu_flash_bytes"),
        share("mcu_equal_share"),
    ),
    module="tflite_micro",
    takes=("tolerance", "samples"),
    embedded=True,
)
ETHOS_U = Target(
    "ethos_u",
    (
        share("ethos_u_ops_share"),
        count_of("ops", "ethos_u_cpu_ops"),
        count_of_bytes("ethos_u_sram_bytes"),
        count_of_bytes("ethos_u_dram_bytes"),
        count_of_bytes("ethos_u_flash_bytes"),
        count_of("cycles", "ethos_u_cycles"),
        Figure("ethos_u_inferences_per_s", higher_is_better=True, unit="per second"),
    ),
    module="ethosu.vela",
    needs=("accelerator",),
    takes=("system_config", "memory_mode"),
    embedded=True,
)
EDGE_TPU = Target(
    "edge_tpu",
    (share("edge_tpu_ops_share"), count_of("ops", "edge_tpu_cpu_ops")),
    embedded=True,
)
GPU = Target(
    "gpu",
    (
        share("gpu_ops_share"),
        count_of("ops", "gpu_cpu_ops"),
        share("gpu_runs"),
        Figure("gpu_snr_db", higher_is_better=True, unit="dB", minimum=-math.inf),
    ),
    takes=("tolerance",),
)

#: All targets by name.
TARGETS: Mapping[str, Target] = MappingProxyType(
    {target.name: target for target in (MICROCONTROLLER, ETHOS_U, EDGE_TPU, GPU)}
)
#: The target of every figure that one yields, by the figure's name.
TARGET_OF: Mapping[str, Target] = MappingProxyType(
    {figure.name: target for target in TARGETS.values() for figure in target.figures}
)


def on_microcontroller(metric: str) -> str:
    """Return the name of a metric's figure on a microcontroller, such as `mcu_top1`."""
    return f"mcu_{metric}"


def figures_of(targets: Collection[str]) -> set[str]:
    """Return the names of the figures that targets yield."""
    return {name for name, target in TARGET_OF.items() if target.name in targets}
