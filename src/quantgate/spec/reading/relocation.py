"""A spec's paths as seen from another folder."""

import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from quantgate.spec.model.formats import has_location
from quantgate.spec.model.locations import scheme_of
from quantgate.spec.model.spec import Spec

#: Keys and indices that lead to a value of a spec.
Place = tuple[str | int, ...]


def relocated(spec: Spec, document: dict[str, Any], old: Path, new: Path) -> dict[str, Any]:
    """Return a spec's document with paths that resolve from another folder.

    Args:
        spec: the spec.
        document: the same as plain values.
        old: absolute path of the folder that the paths are relative to.
        new: absolute path of the other folder.
    """
    moved = deepcopy(document)
    for *parents, key in _places(spec):
        section: Any = moved
        for parent in parents:
            section = section[parent]
        section[key] = _seen_from(new, section[key], old)
    return moved


def _seen_from(new: Path, location: str, old: Path) -> str:
    """Return a path as seen from `new`: a relative one if all is below the old folder."""
    if scheme_of(location):
        return location
    root, target = os.path.realpath(old), Path(os.path.realpath(old / location))
    is_one_tree = target.is_relative_to(root) and new.is_relative_to(root)
    return os.path.relpath(target, new) if is_one_tree else str(target)


def _places(spec: Spec) -> Iterator[Place]:
    """Yield where a spec has paths."""
    yield from (
        ("model", kind) for kind in ("saved_model", "keras", "tflite") if getattr(spec.model, kind)
    )
    yield from _places_of_data(spec)
    if spec.code:
        yield "code", "file"
    if spec.promote:
        yield "promote", "to"
    if isinstance(spec.quantize.recipes, list):
        for number, recipe in enumerate(spec.quantize.recipes):
            if recipe.is_file:
                yield "quantize", "recipes", number, "recipe"


def _places_of_data(spec: Spec) -> Iterator[Place]:
    if spec.data.search and has_location(spec.data.search):
        yield "data", "search", "source"
    for purpose in ("calibration", "evaluation"):
        data = getattr(spec.data, purpose)
        if data is None:
            continue
        for key, samples in data.signatures.items():
            if has_location(samples):
                yield "data", purpose, "signatures", key, "source"
        if has_location(data):
            yield "data", purpose, "source"
