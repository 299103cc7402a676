"""KFP interface of `record_ranges_shard`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def record_ranges_shard(
    baseline: Input[Model],
    facts: Input[Artifact],
    calibration: Input[Dataset],
    shard: dict,
    timeout_s: float,
    part: Output[Artifact],
    memory_limit: str = "",
    ranges: Input[Artifact] = None,
    moments: str = "",
) -> None:
    """Run a shard of the calibration set through a float .tflite, and record ranges or moments.

    Args:
        baseline: the float .tflite, from `read_tflite` or `convert_baseline`.
        facts: `ModelFacts` of the model.
        calibration: a data set from `build_dataset`.
        shard: `shard`, the number of the shard from 1, and `of`, the number of all shards.
        timeout_s: seconds after which recording fails.
        part: a folder with `part.json` (`CalibrationShard`) and the arrays of each variant of the
            calibration.
        memory_limit: memory beyond which recording fails, such as "8GiB".
        ranges: those of all shards, from `merge_ranges`. Needed to record second moments.
        moments: second moments to record instead of ranges: "diagonal", "matrix", or empty for
            ranges.
    """
    from quantgate.components.artifacts.division import Division
    from quantgate.components.processes.isolation import ResourceLimits
    from quantgate.components.record_ranges.work import moments_form
    from quantgate.components.record_ranges_shard import work

    inputs = work.PartInputs(baseline.path, facts.path, calibration.path)
    limits, division = ResourceLimits(timeout_s, memory_limit), Division.of_item(shard)
    if form := moments_form(moments):
        provisional = work.record_moments_shard(
            inputs, limits, division, work.Wanted(form, ranges.path), part.path
        )
    else:
        provisional = work.record_ranges_shard(inputs, limits, division, part.path)
    if provisional:
        part.metadata["provisional"] = "true"
