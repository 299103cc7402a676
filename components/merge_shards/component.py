"""KFP interface of `merge_shards`."""

from typing import List

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
            `answers.npz`.
        figures: the metrics for the UI, under the hash of the model.
        code: the user's Python file, or a folder with it, that defines functions for metrics.
        code_sha256: hash of its content, which is checked.
        timeout_s: seconds after which the computation of the metrics fails, for each signature.
    """
    from quantgate.components.evaluate.work import EvaluateSettings
    from quantgate.components.merge_shards import work

    measured = work.merge_shards(
        work.MergeInputs(
            shards=[folder.path for folder in scores],
            count=int(shards),
            facts=facts.path,
            code=code.path if code else None,
        ),
        EvaluateSettings(metrics, code_sha256=code_sha256, timeout_s=timeout_s),
        measurement.path,
    )
    if measured.provisional:
        measurement.metadata["provisional"] = "true"
    figures.metadata["display_name"] = f"model {(measured.model_sha256 or 'missing')[:12]}"
    for figure, value in measured.figures.items():
        figures.log_metric(figure, value)
