"""All methods of quantization by name: the modes of the converter and the recipes."""

from collections.abc import Mapping
from types import MappingProxyType

from quantgate.domain.method import Method
from quantgate.domain.modes import MODES
from quantgate.domain.recipes import RECIPE_FILE, RECIPES

#: The baseline and the modes, then the recipes, then the rules of a file.
METHODS: Mapping[str, Method] = MappingProxyType(
    {**MODES, **RECIPES, RECIPE_FILE.name: RECIPE_FILE}
)
