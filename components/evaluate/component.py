"""KFP interface of `evaluate`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def evaluate(
    model: Input[Model],
    facts: Input[Artifact],
    evaluation: Input[Dataset],
    metrics: list,
    measurement: Output[Artifact],
    baseline: Input[Model] = None,
) -> None:
    """Run a .tflite over a data set and compute its metrics.

    Args:
        model: a .tflite of any mode; zero bytes long where the conversion failed.
        facts: `ModelFacts` of the float model; its signature names inputs and outputs.
        evaluation: an evaluation set as `build_dataset` writes it.
        metrics: the spec's `measure.metrics`, each a mapping.
        measurement: a folder with `measurement.json` (`Measurement`) and `samples.npz`.
        baseline: the float .tflite, where a metric compares with its outputs.
    """
    from quantgate.components.evaluate.work import evaluate as work

    work(
        model.path,
        facts_path=facts.path,
        dataset_path=evaluation.path,
        metrics=metrics,
        measurement_path=measurement.path,
        baseline_path=baseline.path if baseline else None,
    )
