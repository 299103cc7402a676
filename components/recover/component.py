"""KFP interface of `recover`."""

from typing import Optional

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
    labelled: Input[Dataset] = None,
    metric: Optional[dict] = None,
    code: Input[Artifact] = None,
    code_sha256: str = "",
) -> None:
    """Edit a float .tflite, its ranges or its rules, so that it quantizes with less loss.

    Args:
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        ranges: the folder from `record_ranges`.
        calibration: the calibration set. One of three samples, at most 32, is held back to judge
            edits on.
        candidates: the items of the loop over recovered candidates. `recovers` of an item is the
            name of the candidate that recovery is to improve.
        techniques: `ranges`, `biases`, `equalize` and `layers`, or some of them.
        budget: the runs of all calibration samples after which no further edit is tried.
        timeout_s: seconds after which the search for a candidate fails.
        recovered: a folder for each candidate, named by `recovers`, with `recovery.json`
            (`Recovery`). If any edit was kept, `model.tflite` and `ranges.json` are beside it.
        memory_limit: memory beyond which a search fails, such as "8GiB".
        labelled: labelled samples that edits are scored on, instead of those held back.
        metric: the item of the spec's `measure.metrics` that edits are scored by.
        code: the user's Python file, or a folder with it, that defines the metric.
        code_sha256: hash of its content, which is checked.
    """
    from quantgate.components.processes.isolation import ResourceLimits
    from quantgate.components.recover import work
    from quantgate.components.recover.scoring import Scorer
    from quantgate.components.recover.search import Settings
    from quantgate.components.user_code import UserCode

    own = UserCode(code.path, code_sha256) if code else None
    provisional = work.recover(
        work.RecoverInputs(baseline.path, facts.path, ranges.path, calibration.path),
        candidates,
        Settings(techniques, budget),
        ResourceLimits(timeout_s, memory_limit),
        recovered.path,
        Scorer(labelled.path, metric or {}, code=own) if labelled else None,
    )
    if provisional:
        recovered.metadata["provisional"] = "true"
