"""KFP interface of `measure_targets`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def measure_targets(
    model: Input[Model],
    facts: Input[Artifact],
    evaluation: Input[Dataset],
    targets: list,
    measured: Output[Artifact],
) -> None:
    """Measure a .tflite on targets other than CPUs: microcontroller, Ethos-U, Edge TPU, GPU.

    Args:
        model: a quantized .tflite, zero bytes long if the conversion failed.
        facts: `ModelFacts` of the float model. Its signatures name inputs and outputs.
        evaluation: the data set that samples are taken from.
        targets: the spec's `measure.targets`, each a mapping of `target`, its `options`, and the
            `tolerance` of its outputs if it runs models.
        measured: folder with `targets.json` (`TargetMeasurements`), and the models that compilers
            made, each named after its target.
    """
    from quantgate.components.measure_targets.work import measure_targets as work

    provisional = work(
        model.path,
        facts_path=facts.path,
        dataset_path=evaluation.path,
        targets=targets,
        measured_path=measured.path,
    )
    if provisional:
        measured.metadata["provisional"] = "true"
