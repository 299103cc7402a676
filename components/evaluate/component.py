"""KFP interface of `evaluate`."""

from typing import Optional

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Metrics, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def evaluate(
    model: Input[Model],
    facts: Input[Artifact],
    evaluation: Input[Dataset],
    metrics: list,
    measurement: Output[Artifact],
    figures: Output[Metrics],
    baseline: Input[Model] = None,
    reference: Input[Artifact] = None,
    limits: Optional[dict] = None,
    choose: Optional[list] = None,
    candidates: int = 1,
    code: Input[Artifact] = None,
    code_sha256: str = "",
    timeout_s: float = 21600.0,
) -> None:
    """Run a .tflite on a data set and compute its metrics.

    Args:
        model: a .tflite of any mode, zero bytes long if the conversion failed.
        facts: `ModelFacts` of the float model. Its signature names inputs and outputs.
        evaluation: an evaluation set that `build_dataset` wrote.
        metrics: the spec's `measure.metrics`, each a mapping.
        measurement: folder with `measurement.json` (`Measurement`), `samples.npz` and
            `answers.npz`.
        figures: the metrics for the UI, under the hash of the model.
        baseline: the float .tflite, if a metric compares with its outputs and `model` is another
            model.
        reference: the baseline's measurement. With it, the evaluation may stop early.
        limits: the spec's `gate`, which decides whether an evaluation stops early.
        choose: the spec's `choose`. Its metrics need all samples.
        candidates: number of planned candidates, which share the error of passing early.
        code: the user's Python file, or a folder with it, that defines functions for metrics.
        code_sha256: hash of its content, which is checked.
        timeout_s: seconds after which the model is stopped and fails, for each signature.
    """
    from quantgate.components.evaluate import work

    measured = work.evaluate(
        work.EvaluateInputs(
            model=model.path,
            facts=facts.path,
            dataset=evaluation.path,
            baseline=baseline.path if baseline else None,
            reference=reference.path if reference else None,
            code=code.path if code else None,
        ),
        work.EvaluateSettings(metrics, limits, choose, candidates, code_sha256, timeout_s),
        measurement.path,
    )
    if measured.provisional:
        measurement.metadata["provisional"] = "true"
    figures.metadata["display_name"] = f"model {(measured.model_sha256 or 'missing')[:12]}"
    for figure, value in measured.figures.items():
        figures.log_metric(figure, value)
