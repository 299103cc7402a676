"""The demand on a candidate: the promises of its mode or recipe."""

from dataclasses import dataclass

from quantgate.components.quantizer.request import Request

WHY_UNCALIBRATED = "calibration gave no tensor a range"
WHY_SMALL = "the converter leaves weights of fewer than 1,024 elements as they are"
WHY_UNSUPPORTED = "no op of the model supports this recipe"


@dataclass(frozen=True)
class Demand:
    """The properties that a quantized model is attested for.

    Attributes:
        calibrated: whether activations are quantized with recorded ranges.
        integer_only: whether one op left in float makes the model useless for its hardware.
        input_type: dtype of float inputs after quantization, empty for any.
        output_type: dtype of float outputs after quantization, empty for any.
        why_unchanged: the reason why a model comes back as it was.
        excludes: whether some ops stay in float on request.
        request: the recipe, None for a mode of the converter.
    """

    calibrated: bool
    integer_only: bool
    input_type: str
    output_type: str
    why_unchanged: str
    excludes: bool = False
    request: Request | None = None


def demand_of(request: Request) -> Demand:
    """Return the demand of a recipe."""
    return Demand(
        calibrated=request.calibrated,
        integer_only=request.integer_only,
        input_type=request.input_type,
        output_type=request.output_type,
        why_unchanged=_why_unchanged(request),
        request=request,
    )


def _why_unchanged(request: Request) -> str:
    least = request.recipe.least_elements
    return WHY_UNSUPPORTED + (f", or no weight has {least:,} elements" if least else "")
