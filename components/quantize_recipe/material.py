"""Read the material of a candidate: its model, rules, ranges and moments."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from quantgate.components.artifacts.moments import RECORD as MOMENTS
from quantgate.components.artifacts.moments import LayerMoments, read_values
from quantgate.components.quantizer.request import Request, request_of
from quantgate.components.record_ranges.work import RECORD
from quantgate.components.recover.results import MODEL, RECOVERY
from quantgate.components.search.work import SEARCH
from quantgate.domain.method import FLOAT32
from quantgate.domain.recipes import MATRIX
from quantgate.errors import InputError
from quantgate.records.calibration import Moments, Ranges
from quantgate.records.outcomes import CalibrationStatus, RecoveryStatus, SearchStatus
from quantgate.records.recovery import Recovery
from quantgate.records.search import Search


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
class Material:
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


def material_of(inputs: RecipeInputs, candidate: Mapping[str, Any]) -> Material:
    request = request_of(candidate)
    if "recovers" in candidate:
        return _recovered(inputs, candidate["recovers"], request)
    search = _search(inputs, candidate["candidate"]) if "searched" in candidate else None
    if search and search.status == SearchStatus.MIXED:
        request = replace(request, rules=tuple(search.rules))
    if not request.needs_samples:
        return Material(Path(inputs.baseline), request, None, search=search)
    folder = _recorded(inputs, request) / candidate.get("calibration", "")
    ranges = Ranges.read(folder / RECORD)
    material = Material(Path(inputs.baseline), request, ranges, search=search)
    return material if material.obstacle else _with_moments(material, folder)


def _search(inputs: RecipeInputs, candidate: str) -> Search:
    if inputs.searched is None:
        raise InputError(
            f"the search chooses the rules of {candidate}: connect the output of `search` to "
            "`quantize_recipe`"
        )
    return Search.read(Path(inputs.searched) / candidate / SEARCH)


def _recovered(inputs: RecipeInputs, recovers: str, request: Request) -> Material:
    if inputs.recovered is None:
        raise InputError(
            f"the candidate recovers {recovers}: connect the output of `recover` to "
            "`quantize_recipe`"
        )
    folder = Path(inputs.recovered) / recovers
    recovery = Recovery.read(folder / RECOVERY)
    if recovery.status != RecoveryStatus.RECOVERED:
        return Material(Path(inputs.baseline), request, None, recovery=recovery)
    output_type = request.output_type
    if recovery.output_type and output_type != FLOAT32:
        output_type = recovery.output_type
    return Material(
        folder / MODEL,
        replace(request, rules=tuple(recovery.rules), output_type=output_type),
        Ranges.read(folder / RECORD),
        recovery=recovery,
    )


def _recorded(inputs: RecipeInputs, request: Request) -> Path:
    if inputs.ranges is None or inputs.dataset is None:
        raise InputError(
            f"{request.recipe.name} needs representative data: connect the output of "
            "`record_ranges` and the calibration set to `quantize_recipe`"
        )
    return Path(inputs.ranges)


def _with_moments(material: Material, folder: Path) -> Material:
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
