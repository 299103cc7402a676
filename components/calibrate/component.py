"""KFP interface of `calibrate`."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output

from quantgate.components.images import CONVERT


@dsl.component(base_image=CONVERT, install_kfp_package=False)
def calibrate(
    model: Input[Model],
    signature: str,
    tags: list,
    calibration: Input[Dataset],
    timeout_s: float,
    calibrated: Output[Model],
) -> None:
    """Run the calibration set through the float model once and record every tensor's range.

    Args:
        model: folder of a TensorFlow SavedModel.
        signature: key of the signature to convert.
        tags: of the graph in the SavedModel that has it.
        calibration: a data set as `build_dataset` writes it.
        timeout_s: seconds after which the calibration counts as failed.
        calibrated: a folder with `calibration.json` (`Calibration`) and, where it succeeded,
            `calibrated.tflite`, the float model with min and max of every tensor.
    """
    from quantgate.components.calibrate.work import calibrate as work

    work(
        model.path,
        signature,
        tags,
        dataset_path=calibration.path,
        timeout_s=timeout_s,
        calibrated_path=calibrated.path,
    )
