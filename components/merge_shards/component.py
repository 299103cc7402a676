"""KFP interface of `merge_shards`."""

from typing import List, Optional

from kfp import dsl
from kfp.dsl import Artifact, Input, Metrics, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def merge_shards(
    scores: Input[List[Artifact]],
    facts: Input[Artifact],
    metrics: list,
    shards: int,
    measurement: Output[Artifact],
    figures: Output[Metrics],
    reference: Input[Artifact] = None,
    earlier: Input[Artifact] = None,
    limits: Optional[dict] = None,
    choose: Optional[list] = None,
    candidates: int = 1,
    code: Input[Artifact] = None,
    code_sha256: str = "",
    timeout_s: float = 21600.0,
) -> None:
    """Merge the shards of an evaluation into the measurement that `evaluate` would have written.

    Args:
        scores: the folders that `evaluate_shard` wrote for one model.
        facts: `ModelFacts` of the float model.
        metrics: the spec's `measure.metrics`, each a mapping.
        shards: the number of all shards.
        measurement: folder with `measurement.json` (`Measurement`), `samples.npz` and
            `answers.npz`. If another round follows, all samples so far are in it instead.
        figures: the metrics for the UI, under the hash of the model.
        reference: the baseline's measurement. With it, the shards are those of a round, and the
            measurement is written as soon as the candidate is decided.
        earlier: the output `measurement` of the round before, None for the first.
        limits: the spec's `gate`, which decides whether an evaluation stops early.
        choose: the spec's `choose`. Its metrics need all samples.
        candidates: number of planned candidates, which share the error of passing early.
        code: the user's Python file, or a folder with it, that defines functions for metrics.
        code_sha256: hash of its content, which is checked.
        timeout_s: seconds after which the computation of the metrics fails, for each signature.
    """
    from quantgate.components.evaluate.work import EvaluateSettings
    from quantgate.components.merge_shards import work
    from quantgate.components.merge_shards.inputs import MergeInputs

    measured = work.merge_shards(
        MergeInputs(
            shards=[folder.path for folder in scores],
            count=int(shards),
            facts=facts.path,
            code=code.path if code else None,
            reference=reference.path if reference else None,
            earlier=earlier.path if earlier else None,
        ),
        EvaluateSettings(metrics, limits, choose, candidates, code_sha256, timeout_s),
        measurement.path,
    )
    if measured is None:
        return
    if measured.provisional:
        measurement.metadata["provisional"] = "true"
    figures.metadata["display_name"] = f"model {(measured.model_sha256 or 'missing')[:12]}"
    for figure, value in measured.figures.items():
        figures.log_metric(figure, value)
