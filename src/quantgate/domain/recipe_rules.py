"""The rules of a recipe, in the form of LiteRT Quantizer's JSON files.

The last rule that matches an op and supports it applies. A rule's regular expression is searched in
the names of the op's outputs, each followed by `;`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from quantgate.domain.method import FLOAT32
from quantgate.domain.recipe_ops import DENSE, ENDS, EVERY_OP
from quantgate.domain.recipes import (
    DIAGONAL,
    EVERY_NAME,
    MATRIX,
    MIN_MAX,
    MOMENTS_OF,
    NO_QUANTIZE,
    RECIPES,
    TENSORWISE,
    MomentsForm,
    Recipe,
    Rule,
)


def rule_of(
    recipe: Recipe | None,
    regex: str = EVERY_NAME,
    operation: str = EVERY_OP,
    algorithm: str | None = None,
) -> Rule:
    """Return the rule that quantizes matching ops by a recipe. None leaves them in float."""
    if recipe is None:
        return _rule(regex, operation, NO_QUANTIZE, {})
    weights = _tensor(
        recipe.weight_bits,
        granularity=recipe.granularity,
        dtype="FLOAT" if recipe.weight_bits == 16 else "INT",
    )
    settings = {
        **_activations(recipe.activation_bits),
        "weight_tensor_config": weights,
        "compute_precision": "FLOAT" if recipe.in_float else "INTEGER",
        "explicit_dequantize": recipe.in_float,
        "min_weight_elements": recipe.least_elements,
    }
    return _rule(regex, operation, algorithm or recipe.algorithm, settings)


def rules_with(
    recipe: Recipe | None,
    regex: str = EVERY_NAME,
    operation: str = EVERY_OP,
    algorithm: str | None = None,
) -> list[Rule]:
    """Return the rules that quantize matching ops by a recipe and an algorithm.

    An algorithm for dense layers leaves other ops to the algorithm of the recipe.
    """
    if algorithm in MOMENTS_OF and operation == EVERY_OP:
        dense = rule_of(recipe, regex, DENSE, algorithm)
        return [rule_of(recipe, regex, operation), dense]
    return [rule_of(recipe, regex, operation, algorithm)]


def regex_of(output: str) -> str:
    """Return the regular expression of the op whose first output has a name."""
    return f"^{re.escape(output)};"


def rules_for_ends(input_type: str, output_type: str, default: str) -> list[Rule]:
    """Return the rules that give inputs and outputs a dtype other than the recipe's own."""
    wanted = zip(ENDS, (input_type, output_type), strict=True)
    return [_rule_for_end(end, dtype) for end, dtype in wanted if dtype not in ("", default)]


def quantizes_activations(rules: Iterable[Rule]) -> bool:
    """Return whether any rule quantizes activations, so that their ranges have to be known."""
    return any("activation_tensor_config" in rule["op_config"] for rule in rules)


def moments_for(rules: Iterable[Rule]) -> MomentsForm | None:
    """Return the second moments of layers' inputs that rules need."""
    needed = {MOMENTS_OF.get(rule["algorithm_key"]) for rule in rules}
    return next((moments for moments in (MATRIX, DIAGONAL) if moments in needed), None)


def needs_samples(rules: Sequence[Rule]) -> bool:
    """Return whether rules need ranges or second moments, and so representative data."""
    return quantizes_activations(rules) or moments_for(rules) is not None


def rules_of(candidate: Mapping[str, Any]) -> list[Rule]:
    """Return the rules of an item of the plan's loop, without those for inputs and outputs."""
    if "rules" in candidate:
        return [_with_whole_numbers(rule) for rule in candidate["rules"]]
    recipe = RECIPES[candidate["recipe"]]
    own = rules_with(recipe, algorithm=candidate.get("algorithm"))
    return [rule_of(RECIPES[recipe.base]), *own] if recipe.base else own


def _with_whole_numbers(value: Any) -> Any:
    """Return a value with integers in the place of floats. KFP's Structs have no integers."""
    if isinstance(value, dict):
        return {key: _with_whole_numbers(inner) for key, inner in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def matched_rule(rules: Sequence[Rule], operation: str, names: Iterable[str]) -> Rule | None:
    """Return the last rule for an op, without regard to whether the op supports it."""
    matching = (rule for rule in reversed(rules) if matches(rule, operation, names))
    return next(matching, None)


def matches(rule: Rule, operation: str, names: Iterable[str]) -> bool:
    """Return whether a rule is for an op with these outputs."""
    scope = "".join(f"{name};" for name in names)
    is_for_op = rule["operation"] in (EVERY_OP, operation)
    return is_for_op and re.search(rule["regex"], scope) is not None


def bits_of(rule: Rule) -> int:
    """Return the bits of a weight, 32 if the rule leaves ops in float."""
    config = rule["op_config"].get("weight_tensor_config", {})
    return int(config.get("num_bits", 32))


def _rule_for_end(end: str, dtype: str) -> Rule:
    if dtype == FLOAT32:
        return rule_of(None, operation=end)
    settings = {
        "activation_tensor_config": _END_CONFIGS[dtype],
        "weight_tensor_config": _tensor(8),
        "compute_precision": "INTEGER",
        "explicit_dequantize": False,
    }
    return _rule(EVERY_NAME, end, MIN_MAX, settings)


def _rule(regex: str, operation: str, algorithm: str, settings: dict[str, Any]) -> Rule:
    return {
        "regex": regex,
        "operation": operation,
        "algorithm_key": algorithm,
        "op_config": settings,
    }


def _activations(bits: int) -> dict[str, Any]:
    if not bits:
        return {}
    # LiteRT's kernels need symmetric 16-bit activations.
    return {"activation_tensor_config": _tensor(bits, symmetric=bits == 16, granularity=TENSORWISE)}


def _tensor(
    bits: int, *, symmetric: bool = True, granularity: str = "CHANNELWISE", dtype: str = "INT"
) -> dict[str, Any]:
    return {
        "num_bits": bits,
        "symmetric": symmetric,
        "granularity": granularity,
        "dtype": dtype,
    }


_END_CONFIGS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "int8": _tensor(8, symmetric=False, granularity=TENSORWISE),
        "uint8": _tensor(8, symmetric=False, granularity=TENSORWISE, dtype="UINT"),
        "int16": _tensor(16, granularity=TENSORWISE),
    }
)
