"""The errors of candidates' ops, measured on a few samples."""

import logging
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from quantgate.components.artifacts.dataset import (
    Rows,
    folder_of,
    read_manifests,
    selections_of,
)
from quantgate.components.gate.inputs import GateInputs
from quantgate.components.litert.flatbuffer import mapped
from quantgate.components.litert.normalization import normalized
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.components.recover.sensitivity import op_errors
from quantgate.records.entries import Entry
from quantgate.records.sensitivity import Sensitivity
from quantgate.records.tasks import ModelFacts

#: The samples of each signature.
SAMPLES = 16
LIMITS = ResourceLimits(timeout_s=120.0)

log = logging.getLogger(__name__)


def op_errors_of(inputs: GateInputs, candidates: Sequence[Entry]) -> Mapping[str, Sensitivity]:
    """Return the errors of candidates' ops by name, without those that could not be measured.

    Args:
        inputs: of the gate. Without the float model and a data set, nothing is measured.
        candidates: entries with models among those of the gate.
    """
    if inputs.baseline_model is None or inputs.dataset is None:
        return {}
    subject = _Subject(inputs.baseline_model, inputs.facts, inputs.dataset)
    models = inputs.candidate_models
    measured = {
        sha256: subject.sensitivity(models[sha256], name)
        for sha256, name in {each.model_sha256 or "": each.name for each in candidates}.items()
        if sha256 in models
    }
    return {
        each.name: sensitivity
        for each in candidates
        if (sensitivity := measured.get(each.model_sha256 or ""))
    }


class _Subject:
    """The float model, and the samples to run."""

    def __init__(self, float_model: str, facts: str, dataset: str) -> None:
        self._content = normalized(mapped(float_model))
        self._facts = ModelFacts.read(facts)
        keys = [key for key in self._facts.keys if folder_of(dataset, key).is_dir()]
        manifests = read_manifests(dataset, keys)
        self._dataset, self._data = dataset, manifests[keys[0]].purpose
        self._rows: Rows = {
            key: [*islice(rows, SAMPLES)] for key, rows in selections_of(manifests)[""].items()
        }

    def sensitivity(self, model: Path, name: str) -> Sensitivity | None:
        """Return the errors of a model's ops, or None if it took too long or failed."""
        arguments = (self._content, mapped(model), self._facts, self._dataset, self._rows)
        try:
            errors = run_isolated(op_errors, *arguments, limits=LIMITS)
        except IsolatedFailure as failure:
            log.warning("the errors of the ops of %s could not be measured: %s", name, failure)
            return None
        samples = sum(map(len, self._rows.values()))
        return Sensitivity(data=self._data, samples=samples, ops=[*errors.values()])
