"""Compare two models op by op on samples of the user."""

import tempfile
from pathlib import Path

from quantgate.components.artifacts.dataset import read_manifests, selections_of
from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.components.conversion.failure import sentence
from quantgate.components.litert.flatbuffer import mapped
from quantgate.components.litert.float_model import read_float_model
from quantgate.components.litert.normalization import normalized
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.components.read_tflite.work import read_tflite
from quantgate.components.recover.sensitivity import op_errors
from quantgate.errors import InputError
from quantgate.records.sensitivity import Sensitivity
from quantgate.records.tasks import ModelFacts

#: The samples that are taken from the data, from its start.
SAMPLES = 16
LIMITS = ResourceLimits(timeout_s=600.0)


def compare_ops(model: Path, against: Path, data: str) -> Sensitivity:
    """Return the errors of a quantized model's ops on the first samples of a source.

    Args:
        model: the quantized .tflite.
        against: the float .tflite that it was made from.
        data: a file or folder in any format that a spec takes. Its keys are the model's inputs.

    Raises:
        InputError: the data does not fit the model, `against` is not a float model, or no tensor of
            both models has the same name.
    """
    key = next(iter(read_float_model(against).signatures))
    with tempfile.TemporaryDirectory() as folder:
        facts, dataset = Path(folder, "facts.json"), str(Path(folder, "dataset"))
        baseline = Path(folder, "baseline.tflite")
        read_tflite(str(against), [key], baseline_path=str(baseline), facts_path=str(facts))
        build_dataset(
            Source(data),
            Requirements(key, "calibration"),
            Selection(SAMPLES, default_samples=SAMPLES),
            Paths(str(facts), dataset, str(Path(folder, "summary"))),
        )
        return _compared(model, baseline, ModelFacts.read(facts), dataset)


def _compared(model: Path, baseline: Path, facts: ModelFacts, dataset: str) -> Sensitivity:
    rows = selections_of(read_manifests(dataset, facts.keys))[""]
    content = normalized(mapped(baseline))
    try:
        errors = run_isolated(
            op_errors, content, mapped(model), facts, dataset, rows, limits=LIMITS
        )
    except IsolatedFailure as failure:
        raise InputError(f"{model}: {sentence('comparing its ops', failure)}") from failure
    if not errors:
        raise InputError(
            f"{model}: no op has an output with the name that it has in the float model. Pass the "
            "float model that it was made from as `--against`"
        )
    samples = sum(map(len, rows.values()))
    return Sensitivity(data="given", samples=samples, ops=[*errors.values()])
