"""A spec as text that does not need the JSON files of its recipes."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from quantgate.spec.checks.recipe_files import content_of
from quantgate.spec.model.recipe import RecipeCandidate
from quantgate.spec.reading.load import load


def self_contained(spec: str | Path) -> str:
    """Return a spec as YAML text that has the content of its recipes' JSON files.

    Its hash stays the same. Paths of the model and of data stay as they are.

    Args:
        spec: the spec's file.

    Raises:
        UsageError: there is no such file.
        SpecError: the spec or the file of a recipe is invalid.
    """
    loaded = load(Path(spec))
    document = deepcopy(loaded.source.value)
    recipes = loaded.spec.quantize.recipes
    for number, candidate in enumerate(recipes if isinstance(recipes, list) else ()):
        if candidate.is_file:
            entries = document["quantize"]["recipes"]
            entries[number] = _with_content(entries[number], candidate, loaded.folder)
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text


def _with_content(entry: Any, candidate: RecipeCandidate, folder: Path) -> dict[str, Any]:
    given = {"recipe": entry} if isinstance(entry, str) else entry
    return {**given, "content": content_of(candidate, folder).decode()}
