"""KFP interface of `record_ranges`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def record_ranges(
    baseline: Input[Model],
    facts: Input[Artifact],
    calibration: Input[Dataset],
    timeout_s: float,
    ranges: Output[Artifact],
    memory_limit: str = "",
    moments: str = "",
) -> None:
    """Run the calibration set through a float .tflite, and record the range of each tensor.

    Args:
        baseline: the float .tflite, from `read_tflite` or `convert_baseline`.
        facts: `ModelFacts` of the model.
        calibration: a data set from `build_dataset`.
        timeout_s: seconds after which recording fails.
        ranges: a folder with `ranges.json` (`Ranges`), and such a file for each variant of the
            calibration in a folder named by its key. Names of tensors are those in the normalized
            model. Ranges that cannot be recorded are a result. On request, `moments.json`
            (`Moments`) and `moments.npz` are beside them.
        memory_limit: memory beyond which recording fails, such as "8GiB".
        moments: second moments of the inputs of dense layers to record in a second pass:
            "diagonal" for OSCAR, "matrix" for GPTQ and OSCAR, empty for none.
    """
    from quantgate.components.processes.isolation import ResourceLimits
    from quantgate.components.record_ranges.work import moments_form
    from quantgate.components.record_ranges.work import record_ranges as work

    provisional = work(
        baseline.path,
        facts_path=facts.path,
        dataset_path=calibration.path,
        limits=ResourceLimits(timeout_s, memory_limit),
        ranges_path=ranges.path,
        moments=moments_form(moments),
    )
    if provisional:
        ranges.metadata["provisional"] = "true"
