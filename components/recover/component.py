"""KFP interface of `recover`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def recover(
    baseline: Input[Model],
    facts: Input[Artifact],
    ranges: Input[Artifact],
    calibration: Input[Dataset],
    candidates: list,
    techniques: list,
    budget: float,
    timeout_s: float,
    recovered: Output[Artifact],
    memory_limit: str = "",
) -> None:
    """Edit a float .tflite, its ranges or its rules, so that it quantizes with less loss.

    Args:
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        ranges: the folder from `record_ranges`.
        calibration: the calibration set. One of three samples is held back to judge edits on.
        candidates: the items of the loop over recovered candidates. `recovers` of an item is the
            name of the candidate that recovery is to improve.
        techniques: `ranges`, `biases`, `equalize` and `layers`, or some of them.
        budget: the runs of all calibration samples after which no further edit is tried.
        timeout_s: seconds after which the search for a candidate fails.
        recovered: a folder for each candidate, named by `recovers`, with `recovery.json`
            (`Recovery`). If any edit was kept, `model.tflite` and `ranges.json` are beside it.
        memory_limit: memory beyond which a search fails, such as "8GiB".
    """
    from quantgate.components.processes.isolation import ResourceLimits
    from quantgate.components.recover import work
    from quantgate.components.recover.search import Settings

    provisional = work.recover(
        work.RecoverInputs(baseline.path, facts.path, ranges.path, calibration.path),
        candidates,
        Settings(techniques, budget),
        ResourceLimits(timeout_s, memory_limit),
        recovered.path,
    )
    if provisional:
        recovered.metadata["provisional"] = "true"
