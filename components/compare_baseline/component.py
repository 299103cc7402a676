"""KFP interface of `compare_baseline`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import CONVERT


@dsl.component(base_image=CONVERT, install_kfp_package=False)
def compare_baseline(
    model: Input[Model],
    baseline: Input[Model],
    facts: Input[Artifact],
    evaluation: Input[Dataset],
    comparison: Output[Artifact],
) -> None:
    """Compare the float .tflite with its SavedModel in TensorFlow, on a few samples.

    The task fails if they differ beyond rounding, because candidates are measured against the
    float .tflite.

    Args:
        model: folder of the SavedModel.
        baseline: the float .tflite that was converted from it.
        facts: `ModelFacts` of the float model.
        evaluation: the data set to take samples from.
        comparison: `SourceComparison` as JSON.
    """
    from quantgate.components.compare_baseline.work import compare_baseline as work

    if work(model.path, baseline.path, facts.path, evaluation.path, comparison.path).provisional:
        comparison.metadata["provisional"] = "true"
