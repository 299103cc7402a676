"""Planning of the search for mixed precision: the candidates that it fills."""

from quantgate.domain.hardware import HARDWARE
from quantgate.domain.recipes import RECIPES
from quantgate.domain.search import EIGHT, SLOTS, recipes_for
from quantgate.planning.calibrations import calibration_of
from quantgate.planning.candidates import PlannedCandidate
from quantgate.spec.model.spec import Spec


def searched_candidates(spec: Spec) -> tuple[PlannedCandidate, ...]:
    """Return the candidates that the search fills, none if the spec wants none."""
    if spec.quantize.search is None:
        return ()
    hardware = HARDWARE[spec.quantize.target]
    recipe = RECIPES[recipes_for(hardware.name)[EIGHT]]
    dtype = recipe.ends_for(hardware)[0]
    options = {"integer_only": True} if hardware.integer_only else {}
    calibration = calibration_of(spec, None)
    return tuple(
        PlannedCandidate(
            slot.name, recipe, dtype, dtype, options, calibration=calibration, is_searched=True
        )
        for slot in SLOTS
    )
