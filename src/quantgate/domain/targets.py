"""What a model is measured on that is no CPU: the names, figures and needs of every target."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from quantgate.domain.figures import TARGET_FIGURES

#: What a folder of a model's measurements on targets has, beside compiled models.
TARGETS_FILE = "targets.json"
#: The module that measures on a target, where that is not LiteRT.
MODULES: Mapping[str, str] = MappingProxyType(
    {"microcontroller": "tflite_micro", "ethos_u": "ethosu.vela"}
)
#: The target of every figure that one yields.
TARGET_OF: Mapping[str, str] = MappingProxyType(
    {figure.name: target for target, figures in TARGET_FIGURES.items() for figure in figures}
)


def figures_of(targets: Collection[str]) -> set[str]:
    """What targets yield."""
    return {name for name, target in TARGET_OF.items() if target in targets}
