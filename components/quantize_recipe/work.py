"""The work of `quantize_recipe`: quantize a float .tflite by a recipe, and attest the result."""

import os
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from quantgate.components.attestation.delivery import (
    Delivery,
    outcome_of,
    representative_dataset,
)
from quantgate.components.attestation.demand import demand_of
from quantgate.components.attestation.promises import Case
from quantgate.components.conversion.failure import sentence
from quantgate.components.litert.archive import append_archive_of
from quantgate.components.litert.flatbuffer import mapped
from quantgate.components.litert.normalization import normalized
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.components.quantize_recipe.material import Material, RecipeInputs, material_of
from quantgate.components.quantizer.assumptions import assumptions
from quantgate.components.quantizer.engine import packed_model
from quantgate.components.quantizer.request import Request
from quantgate.records.attestation import Attestation
from quantgate.records.outcomes import (
    AttestationStatus,
    RecoveryStatus,
    SearchStatus,
)
from quantgate.records.tasks import ModelFacts
from quantgate.wording.recovery import edits_text
from quantgate.wording.search import bits_text

LIBRARY = "litert-quantizer"


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
    facts, material = ModelFacts.read(inputs.facts), material_of(inputs, candidate)
    request = material.request
    variant = candidate.get("calibration", "")
    started = time.monotonic()
    delivery = _delivered(material, limits, Path(quantized_path))
    seconds = time.monotonic() - started
    case = Case(
        quantized_path,
        inputs.baseline,
        facts,
        demand_of(request),
        inputs.dataset,
        limits.timeout_s,
    )
    attestation = Attestation(
        candidate=candidate["candidate"],
        mode=request.recipe.name,
        settings={**_settings(request), **representative_dataset(material.ranges, variant)},
        way="recipe",
        litert_quantizer=version(LIBRARY),
        seconds=round(seconds, 3),
        recovery=material.recovery,
        search=material.search,
        **_with_notes(outcome_of(delivery, case), delivery, material),
    )
    attestation.write(attestation_path)
    return delivery.tried(attestation.trial)


def _with_notes(fields: dict[str, Any], delivery: Delivery, material: Material) -> dict[str, Any]:
    """Add assumed ranges, and what recovery or the search did, to the reasons of an attestation."""
    notes: list[str] = []
    if material.ranges and material.request.calibrated:
        notes += assumptions(delivery.content, material.ranges)
    if material.recovery and material.recovery.status == RecoveryStatus.RECOVERED:
        notes.append(edits_text(material.recovery))
    if material.is_unchanged:
        fields = {**fields, "status": AttestationStatus.UNCHANGED}
    if material.search and material.search.status == SearchStatus.MIXED:
        notes.append(bits_text(material.search))
    return {**fields, "reasons": [*fields["reasons"], *notes]}


def _delivered(material: Material, limits: ResourceLimits, target: Path) -> Delivery:
    """Write the model, or an empty file with the reason why there is none."""
    target.write_bytes(b"")
    if reason := material.obstacle:
        return Delivery(b"", reason)
    try:
        with target.open("wb") as file:
            problem = run_isolated(_write_quantized, file, material, limits=limits)
    except IsolatedFailure as failure:
        target.write_bytes(b"")
        return Delivery(b"", sentence("the quantization", failure), failure.passing)
    if problem:
        raise OSError(problem, os.strerror(problem), str(target))
    append_archive_of(material.model, target)
    return Delivery(mapped(target), None)


def _write_quantized(file: BinaryIO, material: Material) -> int | None:
    """Write the model to an open file, and return the number of the error if that fails."""
    source = normalized(mapped(material.model))
    model = packed_model(source, material.request, material.ranges, material.values)
    try:
        file.write(model)
        file.flush()
    except OSError as error:
        return error.errno
    return None


def _settings(request: Request) -> dict[str, Any]:
    return {
        "recipe": request.all_rules,
        "inference_input_type": request.input_type,
        "inference_output_type": request.output_type,
    }
