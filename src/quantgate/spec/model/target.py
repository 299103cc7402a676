"""The spec's `measure.targets`: targets to measure for besides LiteRT on a CPU."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from quantgate.domain.targets import TARGETS, TOLERANCE, TargetName
from quantgate.spec.model.section import Alternatives

#: Accelerators of Vela 5.2. The two lists below are from its configuration file `Arm/vela.ini`.
Accelerator = Literal[
    "ethos-u55-32",
    "ethos-u55-64",
    "ethos-u55-128",
    "ethos-u55-256",
    "ethos-u65-256",
    "ethos-u65-512",
    "ethos-u85-128",
    "ethos-u85-256",
    "ethos-u85-512",
    "ethos-u85-1024",
    "ethos-u85-2048",
]
SystemConfig = Literal[
    "Ethos_U55_Deep_Embedded",
    "Ethos_U55_High_End_Embedded",
    "Ethos_U65_Embedded",
    "Ethos_U65_Mid_End",
    "Ethos_U65_High_End",
    "Ethos_U65_Client_Server",
    "Ethos_U85_SYS_Flash_Low",
    "Ethos_U85_SYS_Flash_High",
    "Ethos_U85_SYS_DRAM_Low",
    "Ethos_U85_SYS_DRAM_Mid",
    "Ethos_U85_SYS_DRAM_High",
]
MemoryMode = Literal[
    "Sram_Only",
    "Shared_Sram",
    "Dedicated_Sram",
    "Dedicated_Sram_256KB",
    "Dedicated_Sram_384KB",
    "Dedicated_Sram_512KB",
]
#: Vela's default system configuration and memory mode by family of accelerators.
_DEFAULTS: Mapping[str, tuple[SystemConfig, MemoryMode]] = MappingProxyType(
    {
        "u55": ("Ethos_U55_High_End_Embedded", "Shared_Sram"),
        "u65": ("Ethos_U65_Client_Server", "Dedicated_Sram_384KB"),
        "u85": ("Ethos_U85_SYS_DRAM_Mid", "Dedicated_Sram_384KB"),
    }
)


class MeasuredTarget(Alternatives):
    """A target to measure every candidate for."""

    target: TargetName = Field(description="Hardware that the model is meant to run on.")
    accelerator: Accelerator | None = Field(
        default=None,
        description="For `ethos_u`: NPU and number of multipliers, as Vela names them.",
    )
    system_config: SystemConfig | None = Field(
        default=None,
        description="For `ethos_u`: Vela's system configuration. The default is Vela's.",
    )
    memory_mode: MemoryMode | None = Field(
        default=None,
        description="For `ethos_u`: Vela's memory mode. The default is Vela's.",
    )

    tolerance: float | None = Field(
        default=None,
        gt=0,
        description="For `microcontroller` and `gpu`: largest difference of an output from "
        "LiteRT's, relative to its size. Candidates with a larger one are rejected. The default is "
        "0.25.",
    )

    samples: int | None = Field(
        default=None,
        ge=1,
        description="For `microcontroller`: number of evaluation samples for metrics such as "
        "`mcu_top1`. The default is all.",
    )

    @property
    def parameter(self) -> dict[str, Any]:
        """The entry with all defaults filled in, as the parameter of a task."""
        settings: dict[str, Any] = {"target": self.target, "options": self.options}
        if "tolerance" in TARGETS[self.target].takes:
            settings["tolerance"] = self.tolerance or TOLERANCE
        if self.samples:
            settings["samples"] = self.samples
        return settings

    @property
    def options(self) -> dict[str, str]:
        """The options with their defaults filled in, empty for other targets than `ethos_u`."""
        if self.accelerator is None:
            return {}
        system_config, memory_mode = _DEFAULTS[family_of(self.accelerator)]
        return {
            "accelerator": self.accelerator,
            "system_config": self.system_config or system_config,
            "memory_mode": self.memory_mode or memory_mode,
        }


def family_of(name: str) -> str:
    """Return the family of an accelerator or system configuration: u55, u65 or u85."""
    return name.lower().replace("_", "-").split("-")[1]


def _target_from_name(value: object) -> object:
    return {"target": value} if isinstance(value, str) else value


TargetEntry = Annotated[
    MeasuredTarget,
    BeforeValidator(_target_from_name, json_schema_input_type=TargetName | MeasuredTarget),
]
