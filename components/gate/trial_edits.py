"""Edits of the float model that are tried for advice, because no candidate qualifies."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quantgate.components.artifacts.dataset import folder_of, read_manifests, selections_of
from quantgate.components.gate.inputs import GateInputs
from quantgate.components.litert.flatbuffer import Content, mapped
from quantgate.components.litert.normalization import normalized
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.components.quantizer.engine import quantized
from quantgate.components.quantizer.request import request_of
from quantgate.components.record_ranges.work import RECORD, record_ranges
from quantgate.components.recover.held_back import HeldBack
from quantgate.components.recover.results import RECOVERY
from quantgate.components.recover.search import Settings
from quantgate.components.recover.subject import Samples, split
from quantgate.components.recover.work import RecoverInputs, recover
from quantgate.domain.method import FLOAT32
from quantgate.domain.methods import METHODS
from quantgate.domain.recovery import RECOVERED_RECIPE, TECHNIQUES, WIDE_RECIPE
from quantgate.records.attestation import Attestation
from quantgate.records.calibration import Ranges
from quantgate.records.outcomes import CalibrationStatus, RecoveryStatus
from quantgate.records.recovery import Recovery, Tried
from quantgate.records.tasks import ModelFacts

#: Runs of all calibration samples. The ranges take one more.
BUDGET = 5.0
LIMITS = ResourceLimits(timeout_s=600.0)

log = logging.getLogger(__name__)


def try_edits(inputs: GateInputs, attestation: Attestation) -> Tried | None:
    """Search for edits of a candidate, and compare a model with 16-bit activations.

    Args:
        inputs: of the gate. Without the float model and a calibration set, nothing is tried.
        attestation: of a candidate with 8-bit activations.

    Returns:
        The result, or None if nothing could be tried.
    """
    if inputs.baseline_model is None or inputs.dataset is None:
        return None
    facts = ModelFacts.read(inputs.facts)
    if not folder_of(inputs.dataset, facts.keys[-1]).is_dir():
        return None
    if read_manifests(inputs.dataset, facts.keys)[facts.keys[0]].purpose != "calibration":
        return None
    with tempfile.TemporaryDirectory() as folder:
        paths = RecoverInputs(inputs.baseline_model, inputs.facts, folder, inputs.dataset)
        return _tried(paths, facts, _item(attestation))


def _item(attestation: Attestation) -> dict[str, Any]:
    settings = attestation.settings
    return {
        "candidate": attestation.candidate,
        "recovers": "trial",
        "recipe": RECOVERED_RECIPE,
        "input_type": settings.get("inference_input_type") or FLOAT32,
        "output_type": settings.get("inference_output_type") or FLOAT32,
        "integer_only": METHODS[attestation.mode].integer_only,
    }


def _tried(paths: RecoverInputs, facts: ModelFacts, item: Mapping[str, Any]) -> Tried | None:
    record_ranges(
        paths.baseline,
        facts_path=paths.facts,
        dataset_path=paths.dataset,
        limits=LIMITS,
        ranges_path=paths.ranges,
    )
    settings = Settings(tuple(TECHNIQUES), BUDGET)
    recover(paths, [item], settings, LIMITS, paths.ranges)
    recovery = Recovery.read(Path(paths.ranges, item["recovers"], RECOVERY))
    if recovery.status == RecoveryStatus.FAILED:
        log.warning("edits of the float model could not be tried: %s", recovery.reason)
        return None
    named = recovery.model_copy(update={"recovers": item["candidate"]})
    return Tried(recovery=named, **_wide(paths, facts))


def _wide(paths: RecoverInputs, facts: ModelFacts) -> dict[str, Any]:
    """Return the agreement and the size of a model with 16-bit activations."""
    ranges = Ranges.read(Path(paths.ranges, RECORD))
    rows = selections_of(read_manifests(paths.dataset, facts.keys))[""]
    content = normalized(mapped(paths.baseline))
    arguments = (content, facts, ranges, split(paths.dataset, rows))
    if ranges.status == CalibrationStatus.FAILED:
        return {}
    try:
        db, size = run_isolated(_widened, *arguments, limits=LIMITS)
    except IsolatedFailure as failure:
        log.info("a model with 16-bit activations could not be made: %s", failure)
        return {}
    return {"wide_db": round(db, 2), "wide_bytes": size}


def _widened(
    content: Content, facts: ModelFacts, ranges: Ranges, samples: Samples
) -> tuple[float, int]:
    ends = {"input_type": FLOAT32, "output_type": FLOAT32}
    model = quantized(content, request_of({"recipe": WIDE_RECIPE, **ends}), ranges)
    return HeldBack(content, facts, samples).agreement(model), len(model)
