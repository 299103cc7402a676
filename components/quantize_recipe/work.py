"""The work of `quantize_recipe`: quantize a float .tflite by a recipe, and attest the result."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from quantgate.components.attestation.attest import Case
from quantgate.components.attestation.delivery import Delivery, outcome_of
from quantgate.components.attestation.demand import demand_of
from quantgate.components.conversion.failure import sentence
from quantgate.components.litert.archive import with_archive_of
from quantgate.components.litert.normalization import normalized
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.components.quantizer.engine import quantized
from quantgate.components.quantizer.request import Request, request_of
from quantgate.components.record_ranges.work import RECORD
from quantgate.errors import InputError
from quantgate.records.attestation import Attestation
from quantgate.records.outcomes import CalibrationStatus
from quantgate.records.tasks import ModelFacts, Ranges

LIBRARY = "litert-quantizer"


@dataclass(frozen=True)
class RecipeInputs:
    """The paths of the artifacts that a candidate is made from and compared with.

    Attributes:
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        ranges: folder that `record_ranges` wrote, for the recipes that need it.
        dataset: folder of the calibration set, for the recipes that need it.
    """

    baseline: str
    facts: str
    ranges: str | None = None
    dataset: str | None = None


def quantize_recipe(
    inputs: RecipeInputs,
    candidate: Mapping[str, Any],
    limits: ResourceLimits,
    *,
    quantized_path: str,
    attestation_path: str,
) -> Delivery:
    """Write the .tflite of one candidate and its `Attestation`.

    A quantization that fails leaves a file of zero bytes and an attestation with the reason.

    Args:
        inputs: the artifacts to read.
        candidate: an item of the plan's loop: `candidate`, `recipe`, types and options.
        limits: of the quantization. Each trial run may take as much time again.
        quantized_path: the .tflite to write.
        attestation_path: the JSON to write.

    Raises:
        InputError: a recipe lacks its ranges, an input is damaged, or the float model does not run.
    """
    facts, request = ModelFacts.read(inputs.facts), request_of(candidate)
    variant = candidate.get("calibration", "")
    ranges = _ranges(inputs, request, variant)
    started = time.monotonic()
    delivery = _delivered(Path(inputs.baseline), request, ranges, limits)
    seconds = time.monotonic() - started
    Path(quantized_path).write_bytes(delivery.content)
    case = Case(
        quantized_path,
        inputs.baseline,
        facts,
        demand_of(request),
        inputs.dataset,
        limits.timeout_s,
    )
    Attestation(
        candidate=candidate["candidate"],
        mode=request.recipe.name,
        settings={**_settings(request), **_representative(ranges, variant)},
        way="recipe",
        litert_quantizer=version(LIBRARY),
        seconds=round(seconds, 3),
        **outcome_of(delivery, case),
    ).write(attestation_path)
    return delivery


def _ranges(inputs: RecipeInputs, request: Request, variant: str) -> Ranges | None:
    if not request.calibrated:
        return None
    if inputs.ranges is None or inputs.dataset is None:
        raise InputError(
            f"{request.recipe.name} needs representative data: connect the output of "
            "`record_ranges` and the calibration set to `quantize_recipe`"
        )
    return Ranges.read(Path(inputs.ranges) / variant / RECORD)


def _delivered(
    baseline: Path, request: Request, ranges: Ranges | None, limits: ResourceLimits
) -> Delivery:
    if ranges and ranges.status == CalibrationStatus.FAILED:
        return Delivery(b"", ranges.reason)
    content = baseline.read_bytes()
    source = normalized(content)
    try:
        model = run_isolated(quantized, source, request, ranges, limits=limits)
        return Delivery(with_archive_of(content, model), None)
    except IsolatedFailure as failure:
        return Delivery(b"", sentence("the quantization", failure), failure.passing)


def _settings(request: Request) -> dict[str, Any]:
    return {
        "recipe": request.all_rules,
        "inference_input_type": request.input_type,
        "inference_output_type": request.output_type,
    }


def _representative(ranges: Ranges | None, variant: str) -> dict[str, Any]:
    """Return the representative data as a setting. `data.calibration` is the empty variant."""
    if ranges is None:
        return {}
    return {
        "representative_dataset": {
            "samples": ranges.samples,
            "dataset_sha256": ranges.dataset_sha256,
            "variant": variant,
        }
    }
