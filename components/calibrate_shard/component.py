"""KFP interface of `calibrate_shard`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import CONVERT


@dsl.component(base_image=CONVERT, install_kfp_package=False)
def calibrate_shard(
    prepared: Input[Model],
    facts: Input[Artifact],
    calibration: Input[Dataset],
    shard: dict,
    timeout_s: float,
    part: Output[Artifact],
    memory_limit: str = "",
    calibrator: str = "litert",
) -> None:
    """Run a shard of the calibration set through the float model, and record the ranges.

    Args:
        prepared: the float .tflite for calibration, from `convert_baseline`.
        facts: `ModelFacts` of the model.
        calibration: a data set from `build_dataset`.
        shard: `shard`, the number of the shard from 1, and `of`, the number of all shards.
        timeout_s: seconds after which the calibration fails.
        part: a folder with `part.json` (`CalibrationShard`) and the ranges of each variant of the
            calibration.
        memory_limit: memory beyond which the calibration fails, such as "8GiB".
        calibrator: "litert" for the ranges in LiteRT's interpreter, or "tensorflow" for those of
            TensorFlow's calibrator.
    """
    from quantgate.components.artifacts.division import Division
    from quantgate.components.calibrate_shard.work import calibrate_shard as work
    from quantgate.components.processes.isolation import ResourceLimits
    from quantgate.domain.calibrators import calibrator_named

    provisional = work(
        prepared.path,
        facts_path=facts.path,
        dataset_path=calibration.path,
        limits=ResourceLimits(timeout_s, memory_limit),
        calibrator=calibrator_named(calibrator),
        division=Division.of_item(shard),
        part_path=part.path,
    )
    if provisional:
        part.metadata["provisional"] = "true"
