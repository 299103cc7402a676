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
    calibrator: str = "litert",
) -> None:
    """Run the calibration set through the float model once, and record the range of each tensor.

    Args:
        prepared: the float .tflite for calibration, from `convert_baseline`.
        facts: `ModelFacts` of the model.
        calibration: a data set from `build_dataset`.
        timeout_s: seconds after which the calibration fails.
        calibrated: a folder with `calibration.json` (`Calibration`). After a success it also has
            `calibrated.tflite`, the float model with the range of each tensor, and `ranges.json`
            (`CalibratedRanges`), the same ranges for people.
        memory_limit: memory beyond which the calibration fails, such as "8GiB".
        calibrator: "litert" for the ranges in LiteRT's interpreter, or "tensorflow" for those of
            TensorFlow's calibrator.
    """
    from quantgate.components.calibrate.work import calibrate as work
    from quantgate.components.processes.isolation import ResourceLimits
    from quantgate.domain.calibrators import calibrator_named

    provisional = work(
        prepared.path,
        facts_path=facts.path,
        dataset_path=calibration.path,
        limits=ResourceLimits(timeout_s, memory_limit),
        calibrator=calibrator_named(calibrator),
        calibrated_path=calibrated.path,
    )
    if provisional:
        calibrated.metadata["provisional"] = "true"
