"""KFP interface of `merge_calibration`."""

from typing import List

from kfp import dsl
from kfp.dsl import Artifact, Input, Model, Output

from quantgate.components.images import CONVERT


@dsl.component(base_image=CONVERT, install_kfp_package=False)
def merge_calibration(
    parts: Input[List[Artifact]],
    prepared: Input[Model],
    facts: Input[Artifact],
    shards: int,
    calibrated: Output[Model],
    calibrator: str = "litert",
) -> None:
    """Merge the shards of a calibration into what `calibrate` would have written.

    Args:
        parts: the folders that `calibrate_shard` wrote.
        prepared: the float .tflite for calibration, from `convert_baseline`.
        facts: `ModelFacts` of the model.
        shards: the number of all shards.
        calibrator: "litert" or "tensorflow", as in the shards.
        calibrated: a folder with `calibration.json` (`Calibration`). After a success it also has
            `calibrated.tflite`, the float model with the range of each tensor, and `ranges.json`
            (`CalibratedRanges`), the same ranges for people.
    """
    from quantgate.components.merge_calibration.work import merge_calibration as work
    from quantgate.domain.calibrators import calibrator_named

    provisional = work(
        [folder.path for folder in parts],
        int(shards),
        prepared_path=prepared.path,
        facts_path=facts.path,
        calibrator=calibrator_named(calibrator),
        calibrated_path=calibrated.path,
    )
    if provisional:
        calibrated.metadata["provisional"] = "true"
