"""The work of `quantize`: convert a model in one mode, and attest the result."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from quantgate.components.artifacts.dataset import read_manifests, selections_of
from quantgate.components.attestation.delivery import (
    Delivery,
    outcome_of,
    representative_dataset,
)
from quantgate.components.attestation.demand import WHY_SMALL, WHY_UNCALIBRATED, Demand
from quantgate.components.attestation.promises import Case
from quantgate.components.calibrate.work import MODEL, RECORD
from quantgate.components.conversion.converter import (
    Recipe,
    convert,
    recipe_of,
    samples_of,
    settings_of,
)
from quantgate.components.conversion.exclusion import UnknownExclusion, with_known_exclusions
from quantgate.components.conversion.failure import sentence
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.domain.flex_ops import tensorflow_ops
from quantgate.errors import InputError
from quantgate.records.attestation import Attestation
from quantgate.records.calibration import Calibration
from quantgate.records.outcomes import CalibrationStatus
from quantgate.records.tasks import ModelFacts

Way = Literal["derived", "converter"]


@dataclass(frozen=True)
class QuantizeInputs:
    """The paths of the artifacts that a candidate is made from and compared with.

    Attributes:
        saved_model: folder of the SavedModel.
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        calibrated: folder that `calibrate` wrote, for the modes that need it.
        dataset: folder of the calibration set, for the modes that need it.
    """

    saved_model: str
    baseline: str
    facts: str
    calibrated: str | None = None
    dataset: str | None = None


@dataclass(frozen=True)
class Source:
    """The float model of a candidate, and the samples that it calibrates on.

    Attributes:
        model: the signatures to convert.
        calibrated: folder that `calibrate` wrote for the candidate's variant.
        dataset: folder of the calibration set.
        variant: key of the samples that the candidate calibrates on.
    """

    model: SavedModelGraph
    calibrated: Path | None
    dataset: str | None
    variant: str


def quantize(
    inputs: QuantizeInputs,
    candidate: Mapping[str, Any],
    limits: ResourceLimits,
    *,
    quantized_path: str,
    attestation_path: str,
) -> Delivery:
    """Write the .tflite of one candidate and its `Attestation`.

    A conversion that fails leaves a file of zero bytes and an attestation with the reason.

    Args:
        inputs: the artifacts to read.
        candidate: an item of the plan's loop: `candidate`, `mode`, types and options.
        limits: of the conversion. Each trial run may take as much time again.
        quantized_path: the .tflite to write.
        attestation_path: the JSON to write.

    Raises:
        InputError: a calibrated mode lacks its calibration, an input is damaged, or the float
            model does not run.
    """
    facts = ModelFacts.read(inputs.facts)
    tf_ops = bool(tensorflow_ops(facts.ops))
    recipe = replace(recipe_of(candidate), select_tf_ops=tf_ops)
    variant = candidate.get("calibration", "")
    calibrated = Path(inputs.calibrated) / variant if inputs.calibrated else None
    model = SavedModelGraph(
        inputs.saved_model, facts.keys, facts.tags, facts.frozen, facts.one_sample
    )
    source = Source(model, calibrated, inputs.dataset, variant)
    calibration = _calibration(source, recipe)
    started = time.monotonic()
    delivery = _delivered(source, recipe, calibration, limits)
    seconds = time.monotonic() - started
    Path(quantized_path).write_bytes(delivery.content)
    demand = demand_of_mode(recipe)
    case = Case(quantized_path, inputs.baseline, facts, demand, inputs.dataset, limits.timeout_s)
    attestation = Attestation(
        candidate=candidate["candidate"],
        mode=recipe.mode.name,
        settings={**settings_of(recipe), **representative_dataset(calibration, variant)},
        way=_way(calibration),
        tensorflow=tf.__version__,
        seconds=round(seconds, 3),
        **outcome_of(delivery, case),
    )
    attestation.write(attestation_path)
    return delivery.tried(attestation.trial)


def demand_of_mode(recipe: Recipe) -> Demand:
    """Return the promises of a mode with its options."""
    mode = recipe.mode
    return Demand(
        calibrated=mode.calibrated,
        integer_only=mode.integer_only,
        input_type=recipe.input_type,
        output_type=recipe.output_type,
        why_unchanged=WHY_UNCALIBRATED if mode.calibrated else WHY_SMALL,
        excludes=recipe.excludes,
    )


def _calibration(source: Source, recipe: Recipe) -> Calibration | None:
    if not recipe.mode.calibrated:
        return None
    if source.calibrated is None or source.dataset is None:
        raise InputError(
            f"{recipe.mode.name} needs representative data: connect the output of `calibrate` and "
            "the calibration set to `quantize`"
        )
    return Calibration.read(source.calibrated / RECORD)


def _way(calibration: Calibration | None) -> Way:
    return "derived" if calibration and calibration.way == "once" else "converter"


def _delivered(
    source: Source, recipe: Recipe, calibration: Calibration | None, limits: ResourceLimits
) -> Delivery:
    if calibration and calibration.status == CalibrationStatus.FAILED:
        return Delivery(b"", calibration.reason)
    conversion = _derived if _way(calibration) == "derived" else _converted
    try:
        recipe = _with_known_exclusions(recipe, source, calibration)
        return Delivery(run_isolated(conversion, source, recipe, limits=limits), None)
    except UnknownExclusion as problem:
        return Delivery(b"", str(problem))
    except IsolatedFailure as failure:
        return Delivery(b"", sentence("the conversion", failure), failure.passing)


def _with_known_exclusions(
    recipe: Recipe, source: Source, calibration: Calibration | None
) -> Recipe:
    if not recipe.excludes:
        return recipe
    if source.calibrated is None or _way(calibration) == "converter":
        raise UnknownExclusion(
            f"the public converter of TensorFlow {tf.__version__} cannot leave ops in float. "
            "Remove `exclude`, or install a version that shares a calibration"
        )
    return with_known_exclusions(recipe, (source.calibrated / MODEL).read_bytes())


def _converted(source: Source, recipe: Recipe) -> bytes:
    if not recipe.mode.calibrated or source.dataset is None:
        samples = None
    else:
        manifests = read_manifests(source.dataset, source.model.signatures)
        samples = samples_of(source.dataset, selections_of(manifests)[source.variant])
    return convert(source.model, recipe, samples)


def _derived(source: Source, recipe: Recipe) -> bytes:
    # Uses private parts of TensorFlow, which only the proven versions are known to have.
    from quantgate.components.conversion.derivation import derive

    if source.calibrated is None:
        raise ValueError("a derived candidate has a calibrated model")
    return derive((source.calibrated / MODEL).read_bytes(), recipe)
