"""KFP interface of `calibrate`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import CONVERT


@dsl.component(base_image=CONVERT, install_kfp_package=False)
def calibrate(
    prepared: Input[Model],
    facts: Input[Artifact],
    calibration: Input[Dataset],
    timeout_s: float,
    calibrated: Output[Model],
    memory_limit: str = "",
) -> None:
    """Run the calibration set through the float model once and record every tensor's range.

    Args:
        prepared: the float .tflite as TensorFlow calibrates it, from `convert_baseline`.
        facts: `ModelFacts` of the model.
        calibration: a data set as `build_dataset` writes it.
        timeout_s: seconds after which the calibration counts as failed.
        calibrated: a folder with `calibration.json` (`Calibration`) and, where it succeeded,
            `calibrated.tflite`, the float model with min and max of every tensor, and
            `ranges.json` (`CalibratedRanges`) with the same for people.
        memory_limit: memory beyond which the calibration counts as failed, such as "8GiB".
    """
    from quantgate.components.calibrate.work import calibrate as work
    from quantgate.components.processes.isolation import ResourceLimits

    provisional = work(
        prepared.path,
        facts_path=facts.path,
        dataset_path=calibration.path,
        limits=ResourceLimits(timeout_s, memory_limit),
        calibrated_path=calibrated.path,
    )
    if provisional:
        calibrated.metadata["provisional"] = "true"
