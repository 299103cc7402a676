"""The rules of a recipe that are for no op of a model."""

from collections.abc import Iterator, Sequence

from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.litert.operations import operations
from quantgate.components.quantizer.names import shortlist
from quantgate.domain.recipe_ops import ENDS, LIBRARY_NAMES
from quantgate.domain.recipe_rules import matches
from quantgate.domain.recipes import Rule


def unmatched(rules: Sequence[Rule], model: ModelT) -> Iterator[str]:
    """Yield a sentence for each rule that matches no op of a normalized model."""
    named = [
        (LIBRARY_NAMES.get(each.name, each.name), [tensor.name for tensor in each.outputs])
        for each in operations(model)
    ]
    for number, rule in enumerate(rules, start=1):
        if rule["operation"] in ENDS:
            continue
        if not any(matches(rule, name, outputs) for name, outputs in named):
            yield (
                f"rule {number} of the recipe (regex {rule['regex']!r}, operation "
                f"{rule['operation']}) matches no op of the model. The outputs of its ops are "
                f"named {shortlist([name for _, outputs in named for name in outputs])}"
            )
