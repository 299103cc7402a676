"""KFP interface of `evaluate_shard`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def evaluate_shard(
    model: Input[Model],
    facts: Input[Artifact],
    evaluation: Input[Dataset],
    metrics: list,
    shard: dict,
    scores: Output[Artifact],
    baseline: Input[Model] = None,
    earlier: Input[Artifact] = None,
    code: Input[Artifact] = None,
    code_sha256: str = "",
    timeout_s: float = 21600.0,
) -> None:
    """Run a .tflite on a shard of a data set, and score its outputs.

    Args:
        model: a .tflite of any mode, zero bytes long if the conversion failed.
        facts: `ModelFacts` of the float model. Its signature names inputs and outputs.
        evaluation: an evaluation set that `build_dataset` wrote.
        metrics: the spec's `measure.metrics`, each a mapping.
        shard: `shard`, the number of the shard from 1, and `of`, the number of all shards. For an
            evaluation in rounds, `round` and `rounds` say the same of these. With `least_s`, only
            as many shards have samples as have that many seconds of work, by the time in the
            metadata of `model`.
        scores: folder with `shard.json` (`Shard`) and the arrays of each signature.
        baseline: the float .tflite, if a metric compares with its outputs and `model` is another
            model.
        earlier: the merged rounds before this one, for an evaluation that may stop early. If they
            have decided the candidate, no sample is read.
        code: the user's Python file, or a folder with it, that defines functions for metrics.
        code_sha256: hash of its content, which is checked.
        timeout_s: seconds after which the model is stopped and fails, for each signature.
    """
    from quantgate.components.artifacts.division import Division
    from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings
    from quantgate.components.evaluate_shard import work

    made = work.evaluate_shard(
        EvaluateInputs(
            model=model.path,
            facts=facts.path,
            dataset=evaluation.path,
            baseline=baseline.path if baseline else None,
            code=code.path if code else None,
        ),
        EvaluateSettings(metrics, code_sha256=code_sha256, timeout_s=timeout_s),
        Division.of_item(shard, model.metadata.get("sample_s")),
        scores.path,
        earlier.path if earlier else None,
    )
    if any(rows.provisional for rows in made.rows.values()):
        scores.metadata["provisional"] = "true"
