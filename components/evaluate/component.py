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
) -> None:
    """Run a .tflite over a labelled data set and compute its metrics.

    Args:
        model: a .tflite of any mode; zero bytes long where the conversion failed.
        facts: `ModelFacts` of the float model; its signature names inputs and outputs.
        evaluation: a labelled data set as `build_dataset` writes it.
        metrics: the spec's `measure.metrics`, each a mapping with `metric`, `output`, `peak`.
        measurement: a folder with `measurement.json` (`Measurement`) and `samples.npz`.
    """
    from quantgate.components.evaluate.work import evaluate as work

    work(
        model.path,
        facts_path=facts.path,
        dataset_path=evaluation.path,
        metrics=metrics,
        measurement_path=measurement.path,
    )
