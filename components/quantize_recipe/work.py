"""The work of `quantize_recipe`: quantize a float .tflite by a recipe, and attest the result."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from quantgate.components.artifacts.moments import RECORD as MOMENTS
from quantgate.components.artifacts.moments import LayerMoments, read_values
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
from quantgate.components.quantizer.assumptions import assumptions
from quantgate.components.quantizer.engine import packed_model
from quantgate.components.quantizer.request import Request, request_of
from quantgate.components.record_ranges.work import RECORD
from quantgate.components.recover.results import MODEL, RECOVERY
from quantgate.components.search.work import SEARCH
from quantgate.domain.method import FLOAT32
from quantgate.domain.recipes import MATRIX
from quantgate.errors import InputError
from quantgate.records.attestation import Attestation
from quantgate.records.calibration import Moments, Ranges
from quantgate.records.outcomes import (
    AttestationStatus,
    CalibrationStatus,
    RecoveryStatus,
    SearchStatus,
)
from quantgate.records.recovery import Recovery
from quantgate.records.search import Search
from quantgate.records.tasks import ModelFacts
from quantgate.wording.recovery import edits_text
from quantgate.wording.search import bits_text

LIBRARY = "litert-quantizer"


@dataclass(frozen=True)
class RecipeInputs:
    """The paths of the artifacts that a candidate is made from and compared with.

    Attributes:
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        ranges: folder that `record_ranges` wrote, for the recipes that need it.
        dataset: folder of the calibration set, for the recipes that need it.
        recovered: folder that `recover` wrote, for recovered candidates.
        searched: folder that `search` wrote, for searched candidates.
    """

    baseline: str
    facts: str
    ranges: str | None = None
    dataset: str | None = None
    recovered: str | None = None
    searched: str | None = None


@dataclass(frozen=True)
class _Material:
    """The material that a candidate is made from.

    Attributes:
        model: the float .tflite, which recovery may have edited.
        request: the recipe with its options.
        ranges: of activations, for recipes that need them.
        moments: the record of second moments, for algorithms that need them.
        values: those moments.
        recovery: the result of recovery, for recovered candidates.
        search: the result of the search, for searched candidates.
    """

    model: Path
    request: Request
    ranges: Ranges | None
    moments: Moments | None = None
    values: LayerMoments = field(default_factory=dict)
    recovery: Recovery | None = None
    search: Search | None = None

    @property
    def is_unchanged(self) -> bool:
        """True if recovery or the search found nothing better than another candidate."""
        statuses = [each.status for each in (self.recovery, self.search) if each]
        return RecoveryStatus.UNCHANGED in statuses or SearchStatus.UNCHANGED in statuses

    @property
    def obstacle(self) -> str | None:
        """The reason why nothing can be quantized, or None."""
        if self.recovery and self.recovery.status != RecoveryStatus.RECOVERED:
            return self.recovery.reason
        if self.search and self.search.status != SearchStatus.MIXED:
            return self.search.reason
        if self.ranges and self.ranges.status == CalibrationStatus.FAILED:
            return self.ranges.reason
        if self.moments and self.moments.status == CalibrationStatus.FAILED:
            return self.moments.reason
        return None


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
    facts, material = ModelFacts.read(inputs.facts), _material(inputs, candidate)
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


def _material(inputs: RecipeInputs, candidate: Mapping[str, Any]) -> _Material:
    request = request_of(candidate)
    if "recovers" in candidate:
        return _recovered(inputs, candidate["recovers"], request)
    search = _search(inputs, candidate["candidate"]) if "searched" in candidate else None
    if search and search.status == SearchStatus.MIXED:
        request = replace(request, rules=tuple(search.rules))
    if not request.needs_samples:
        return _Material(Path(inputs.baseline), request, None, search=search)
    folder = _recorded(inputs, request) / candidate.get("calibration", "")
    ranges = Ranges.read(folder / RECORD)
    material = _Material(Path(inputs.baseline), request, ranges, search=search)
    return material if material.obstacle else _with_moments(material, folder)


def _search(inputs: RecipeInputs, candidate: str) -> Search:
    if inputs.searched is None:
        raise InputError(
            f"the search chooses the rules of {candidate}: connect the output of `search` to "
            "`quantize_recipe`"
        )
    return Search.read(Path(inputs.searched) / candidate / SEARCH)


def _recovered(inputs: RecipeInputs, recovers: str, request: Request) -> _Material:
    if inputs.recovered is None:
        raise InputError(
            f"the candidate recovers {recovers}: connect the output of `recover` to "
            "`quantize_recipe`"
        )
    folder = Path(inputs.recovered) / recovers
    recovery = Recovery.read(folder / RECOVERY)
    if recovery.status != RecoveryStatus.RECOVERED:
        return _Material(Path(inputs.baseline), request, None, recovery=recovery)
    output_type = request.output_type
    if recovery.output_type and output_type != FLOAT32:
        output_type = recovery.output_type
    return _Material(
        folder / MODEL,
        replace(request, rules=tuple(recovery.rules), output_type=output_type),
        Ranges.read(folder / RECORD),
        recovery=recovery,
    )


def _with_notes(fields: dict[str, Any], delivery: Delivery, material: _Material) -> dict[str, Any]:
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


def _recorded(inputs: RecipeInputs, request: Request) -> Path:
    if inputs.ranges is None or inputs.dataset is None:
        raise InputError(
            f"{request.recipe.name} needs representative data: connect the output of "
            "`record_ranges` and the calibration set to `quantize_recipe`"
        )
    return Path(inputs.ranges)


def _with_moments(material: _Material, folder: Path) -> _Material:
    """Add the second moments that a recipe needs.

    Raises:
        InputError: they were not recorded.
    """
    needed = material.request.moments
    if needed is None:
        return material
    path = folder / MOMENTS
    moments = Moments.read(path) if path.is_file() else None
    if moments is None or (needed == MATRIX and moments.form != MATRIX):
        raise InputError(
            f"{folder} has no second moments of the form `{needed}`, which the candidate's "
            f'algorithm needs: pass `moments="{needed}"` to `record_ranges`'
        )
    return replace(material, moments=moments, values=read_values(folder, moments))


def _delivered(material: _Material, limits: ResourceLimits, target: Path) -> Delivery:
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


def _write_quantized(file: BinaryIO, material: _Material) -> int | None:
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
