"""KFP interface of `search`."""

from typing import Optional

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def search(
    baseline: Input[Model],
    facts: Input[Artifact],
    calibration: Input[Dataset],
    candidates: list,
    target: str,
    bits: list,
    budget: float,
    timeout_s: float,
    searched: Output[Artifact],
    ranges: Input[Artifact] = None,
    memory_limit: str = "",
    labelled: Input[Dataset] = None,
    metric: Optional[dict] = None,
    limit: Optional[dict] = None,
    code: Input[Artifact] = None,
    code_sha256: str = "",
) -> None:
    """Search for models with different bits for different layers. A search that fails is a result.

    Args:
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        calibration: the calibration set. One of three samples, at most 32, is held back to judge
            models on.
        candidates: the items of the loop over searched candidates.
        target: the hardware, which decides the recipe for each number of bits.
        bits: the bits that a layer can have: 8, and 4 or 16 or both.
        budget: the runs of all calibration samples after which no further model is tried.
        timeout_s: seconds after which the search fails.
        searched: a folder for each candidate with `search.json` (`Search`).
        ranges: the folder from `record_ranges`, for the recipes that need it.
        memory_limit: memory beyond which the search fails, such as "8GiB".
        labelled: labelled samples that models are scored on, instead of those held back.
        metric: the item of the spec's `measure.metrics` that models are scored by.
        limit: the metric's limit in the spec's `gate`, which models have to meet.
        code: the user's Python file, or a folder with it, that defines the metric.
        code_sha256: hash of its content, which is checked.
    """
    from quantgate.components.processes.isolation import ResourceLimits
    from quantgate.components.recover.scoring import Scorer
    from quantgate.components.search import work
    from quantgate.components.user_code import UserCode

    own = UserCode(code.path, code_sha256) if code else None
    provisional = work.search(
        work.SearchInputs(
            baseline.path, facts.path, calibration.path, ranges.path if ranges else None
        ),
        candidates,
        work.settings_of(target, bits, budget),
        ResourceLimits(timeout_s, memory_limit),
        searched.path,
        Scorer(labelled.path, metric or {}, limit, own) if labelled else None,
    )
    if provisional:
        searched.metadata["provisional"] = "true"
