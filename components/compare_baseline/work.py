"""The work of `compare_baseline`: run the float .tflite and its SavedModel on the same samples."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder, open_dataset
from quantgate.components.compare_baseline.difference import TOLERANCE, difference_of, largest_of
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.litert.interpreter import ASSIGN_VARIABLE, LiteRTModel
from quantgate.components.processes.isolation import (
    IsolatedFailure,
    ResourceLimits,
    run_isolated,
)
from quantgate.domain.flex_ops import cannot_run, tensorflow_ops
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.source import OutputDifference, SourceComparison
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

SAMPLES = 8
LIMITS = ResourceLimits(timeout_s=600.0)
Outputs = Mapping[str, NDArray[Any]]


class Models(NamedTuple):
    """Paths of the two models, and of the samples to compare them on.

    Attributes:
        saved_model: folder of the SavedModel.
        baseline: the float .tflite.
        dataset: folder of the evaluation set.
    """

    saved_model: str
    baseline: str
    dataset: str


def compare_baseline(
    model_path: str, baseline_path: str, facts_path: str, dataset_path: str, comparison_path: str
) -> SourceComparison:
    """Compare a float .tflite with its SavedModel, and write the `SourceComparison`.

    The models cannot be compared if TensorFlow cannot load the SavedModel, or if this LiteRT
    cannot run the baseline. The comparison then has the reason.

    Args:
        model_path: folder of the SavedModel.
        baseline_path: the float .tflite that was converted from it.
        facts_path: `ModelFacts` of the float model.
        dataset_path: an evaluation set, as `build_dataset` writes it.
        comparison_path: the JSON to write.

    Raises:
        InputError: the outputs differ beyond rounding.
    """
    facts = ModelFacts.read(facts_path)
    models = Models(model_path, baseline_path, dataset_path)
    outputs: list[OutputDifference] = []
    unavailable, provisional = _not_runnable(facts), False
    if unavailable is None:
        try:
            outputs = run_isolated(_differences, models, facts, limits=LIMITS)
        except IsolatedFailure as failure:
            unavailable, provisional = str(failure), failure.passing
    comparison = SourceComparison(
        baseline_sha256=sha256_of_file(baseline_path),
        tolerance=TOLERANCE,
        outputs=outputs,
        unavailable=unavailable,
        provisional=provisional,
    )
    _require_close(model_path, comparison)
    comparison.write(comparison_path)
    return comparison


def _not_runnable(facts: ModelFacts) -> str | None:
    ops = tensorflow_ops(facts.ops)
    return cannot_run(ops) if ops else None


def _require_close(folder: str, comparison: SourceComparison) -> None:
    worst = comparison.largest
    if worst is None or worst.median <= comparison.tolerance:
        return
    raise InputError(
        f"{folder}: TensorFlow's converter changed the model. On {worst.samples} samples, "
        f"output `{worst.output}` of signature `{worst.signature}` differs from the SavedModel by "
        f"{100 * worst.median:.3g} % (median), and at most {100 * comparison.tolerance:g} % is "
        'rounding. Export the model again for inference, with model.export("folder") and '
        "without random layers"
    )


def _differences(models: Models, facts: ModelFacts) -> list[OutputDifference]:
    """Compare all outputs of all signatures. TensorFlow's runtime starts here."""
    loaded = tf.saved_model.load(models.saved_model, tags=facts.tags)
    return [
        difference
        for signature in facts.signatures
        for difference in _differences_of(
            loaded.signatures[signature.key], models, facts, signature
        )
    ]


def _differences_of(
    source: Any, models: Models, facts: ModelFacts, signature: Signature
) -> Iterator[OutputDifference]:
    # The SavedModel keeps its state from call to call, and LiteRT's is reset.
    count = 1 if ASSIGN_VARIABLE in facts.ops else SAMPLES
    samples = _some_of(open_dataset(models.dataset, signature.key), count)
    ours = list(_outputs_of_litert(models.baseline, facts, signature, samples))
    theirs = list(_outputs_of_tensorflow(source, signature, samples))
    for name in signature.outputs:
        pairs = zip(theirs, ours, strict=True)
        each = [difference_of(right[name], computed[name]) for right, computed in pairs]
        yield OutputDifference(
            signature=signature.key,
            output=name,
            samples=len(each),
            median=float(np.median(each)),
            largest=largest_of(each),
        )


def _some_of(dataset: DatasetFolder, count: int) -> dict[str, NDArray[Any]]:
    """Return samples that are spread over a data set, [count, ...] by input, or all of fewer."""
    last = len(next(iter(dataset.inputs.values()))) - 1
    rows = np.unique(np.linspace(0, last, count).round().astype(np.int64))
    return dict(dataset.at(rows).inputs)


def _outputs_of_litert(
    path: str, facts: ModelFacts, signature: Signature, samples: Outputs
) -> Iterator[Outputs]:
    model = LiteRTModel(path, facts, signature, samples)
    encoded = model.encode(samples)
    for row in range(len(next(iter(samples.values())))):
        model.reset()
        model.feed(encoded, row)
        model.invoke()
        yield {name: np.array(model.read(tensor)) for name, tensor in model.outputs.items()}


def _outputs_of_tensorflow(
    source: Any, signature: Signature, samples: Outputs
) -> Iterator[Outputs]:
    for row in range(len(next(iter(samples.values())))):
        inputs = {
            name: tf.constant(_with_batch(samples[name][row], tensor))
            for name, tensor in signature.inputs.items()
        }
        yield {name: values.numpy() for name, values in source(**inputs).items()}


def _with_batch(sample: NDArray[Any], tensor: TensorFacts) -> NDArray[Any]:
    return sample if sample.ndim == len(tensor.shape) else sample[np.newaxis]
