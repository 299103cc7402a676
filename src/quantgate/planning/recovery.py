"""Planning of recovery: one more candidate for each one that recovery can improve."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from quantgate.domain.hardware import HARDWARE
from quantgate.domain.recipes import RECIPES
from quantgate.domain.recovery import RECOVERED_RECIPE, SUFFIX, is_recoverable, recipe_for
from quantgate.planning.calibrations import calibration_of
from quantgate.planning.candidates import PlannedCandidate
from quantgate.spec.model.spec import Spec


def recovered_candidates(
    spec: Spec, candidates: Iterable[PlannedCandidate]
) -> tuple[PlannedCandidate, ...]:
    """Return the recovered candidates of a spec. If several are equal, that of a recipe is taken.

    A candidate without 8-bit activations has a recovered one only if the spec names its mode or
    recipe. A candidate of a mode with options has none, because recipes have no such options. One
    that needs second moments has none, because they are those of the unedited model. With
    `modes: auto`, those of modes have none if there are any of recipes.
    """
    if spec.quantize.recover is None:
        return ()
    hardware = HARDWARE[spec.quantize.target]
    improvable = [
        candidate
        for candidate in candidates
        if is_recoverable(candidate.mode, is_named=_is_named(spec, candidate))
        and not candidate.moments
    ]
    recipes = [candidate for candidate in improvable if candidate.is_recipe]
    modes = [each for each in improvable if not (each.is_recipe or each.options)]
    named = [] if recipes and spec.quantize.modes == "auto" else modes
    return _distinct(_recovered(spec, each, hardware.integer_only) for each in (*recipes, *named))


def _is_named(spec: Spec, candidate: PlannedCandidate) -> bool:
    return (spec.recipes if candidate.is_recipe else spec.quantize.modes) != "auto"


def _recovered(spec: Spec, candidate: PlannedCandidate, integer_only: bool) -> PlannedCandidate:
    named = replace(
        candidate,
        name=f"{candidate.name}{SUFFIX}",
        recovers=candidate.name,
        calibration=candidate.calibration or calibration_of(spec, None),
    )
    if candidate.is_recipe:
        return named
    options: dict[str, Any] = {"integer_only": integer_only or candidate.mode.integer_only}
    given = {name: value for name, value in options.items() if value}
    recipe = recipe_for(candidate.mode) or RECOVERED_RECIPE
    return replace(named, mode=RECIPES[recipe], options=given)


def _distinct(candidates: Iterable[PlannedCandidate]) -> tuple[PlannedCandidate, ...]:
    """Return the candidates without those that differ only in their names."""
    distinct: dict[str, PlannedCandidate] = {}
    for candidate in candidates:
        distinct.setdefault(repr(replace(candidate, name="", recovers="")), candidate)
    return tuple(distinct.values())
