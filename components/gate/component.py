"""KFP interface of `gate`."""

from typing import NamedTuple, Optional

from kfp import dsl
from kfp.dsl import (
    HTML,
    Artifact,
    ClassificationMetrics,
    Dataset,
    Input,
    Markdown,
    Metrics,
    Model,
    Output,
)

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def gate(
    facts: Input[Artifact],
    baseline: Input[Artifact],
    evidence: Input[Artifact],
    models: Input[Artifact],
    name: str,
    limits: dict,
    choose: list,
    spec_sha256: str,
    allow_random: bool,
    evaluation: Input[Artifact],
    decision: Output[Artifact],
    report: Output[Markdown],
    page: Output[HTML],
    metrics: Output[Metrics],
    classes: Output[ClassificationMetrics],
    winner: Output[Model],
    compiled: Output[Artifact],
    latency: Input[Artifact] = None,
    calibrated: Input[Model] = None,
    calibration: Input[Artifact] = None,
    baseline_model: Input[Model] = None,
    code_sha256: str = "",
    comparison: Input[Artifact] = None,
    doubtful: Optional[list] = None,
    family: str = "joint",
    ranges: Input[Artifact] = None,
    rank_recovered: str = "none_qualifies",
    keep_baseline: bool = True,
    dataset: Input[Dataset] = None,
    samples: Input[Dataset] = None,
    origins: Input[Dataset] = None,
    show_samples: bool = True,
    extras: Optional[list] = None,
    search: Input[Artifact] = None,
) -> NamedTuple("Outcome", [("qualified", bool), ("winner_name", str)]):
    """Decide which candidate wins. A run without a qualifying candidate is a result too.

    Args:
        facts: `ModelFacts` of the float model.
        baseline: the baseline's measurement.
        evidence: folder that `collect` wrote, with attestations, measurements and, if they are
            measured, targets. All are joined by the hash of the model.
        models: folder that `collect` wrote, with the candidates' .tflite files.
        name: the spec's name.
        limits: the spec's `gate`.
        choose: the spec's `choose`.
        spec_sha256: hash of the resolved spec.
        allow_random: whether a candidate may qualify on random data.
        evaluation: summary of the evaluation set.
        decision: `Decision` as JSON.
        report: the report as Markdown.
        page: the report as one self-contained HTML file.
        metrics: the winner's metrics for the UI.
        classes: confusion matrix and ROC curve for the UI, if the metrics have them. They are of
            the winner, or of the closest candidate if none qualifies.
        winner: the winning .tflite. If no candidate qualifies, it is `baseline_model`, or zero
            bytes long without one. It is zero bytes long if the run is doubtful.
        compiled: folder with the winner's `targets.json`, and the models that compilers made of it,
            each named after its target.
        latency: `Benchmark` as JSON, if latency is measured.
        calibrated: folder that `calibrate` wrote, if a mode needs calibration.
        calibration: summary of the calibration set, if there is one.
        baseline_model: the float .tflite, to be promoted if no candidate qualifies, and to compare
            the ops of candidates with.
        code_sha256: hash of the user's Python file, empty if there is none.
        comparison: `SourceComparison` as JSON, of the baseline and its source model.
        doubtful: ids of the warnings that make the run doubtful. The default is a float model that
            does not beat a guess.
        family: "joint" if all candidates share the error rate of a confidence, "none" if each has
            its own.
        ranges: folder that `record_ranges` wrote, if only recipes need calibration.
        rank_recovered: when recovered candidates are ranked: "none_qualifies" if no other candidate
            qualifies, or "always".
        keep_baseline: whether `baseline_model` is promoted if no candidate qualifies.
        dataset: a calibration or evaluation set. With it and `baseline_model`, the errors of ops
            are measured for each candidate that misses an accuracy limit.
        samples: the evaluation set, to show samples that the winner gets wrong and the float model
            gets right. The default is `dataset`.
        origins: the rows and files that samples come from, from `merge_dataset`. Other sets have
            them in `samples`.
        show_samples: whether to show them.
        extras: the extras of quantgate that the run needs.
        search: summary of the samples that recovery and the search choose by, if there are any.

    Returns:
        Whether a candidate qualifies, and its name ("" if none does). In a doubtful run, none does.
    """
    from quantgate.components.gate import work

    outcome = work.gate(
        work.GateInputs(
            facts=facts.path,
            baseline=baseline.path,
            evidence=evidence.path,
            models=models.path,
            evaluation=evaluation.path,
            latency=latency.path if latency else None,
            calibrated=calibrated.path if calibrated else None,
            calibration=calibration.path if calibration else None,
            baseline_model=baseline_model.path if baseline_model else None,
            comparison=comparison.path if comparison else None,
            ranges=ranges.path if ranges else None,
            dataset=dataset.path if dataset else None,
            samples=samples.path if samples else None,
            origins=origins.path if origins else None,
            search=search.path if search else None,
        ),
        work.GateSettings(
            name,
            limits,
            choose,
            spec_sha256,
            allow_random,
            code_sha256,
            doubtful,
            family,
            rank_recovered,
            keep_baseline,
            show_samples,
            extras or (),
        ),
        work.GateOutputs(decision.path, report.path, page.path, winner.path, compiled.path),
    )
    metrics.metadata["display_name"] = outcome.title
    for figure, value in outcome.measurements.items():
        metrics.log_metric(figure, value)
    classes.metadata["display_name"] = outcome.title
    if outcome.classes:
        classes.log_confusion_matrix(outcome.classes.labels, outcome.classes.matrix)
    for point in outcome.curve:
        classes.log_roc_data_point(
            point.false_positive_rate, point.true_positive_rate, point.threshold
        )
    report.metadata["display_name"] = page.metadata["display_name"] = f"report of {name}"
    return outcome.qualified, outcome.winner_name
