"""Interface of `quantize_to_litert`, in the form of kubeflow/pipelines-components."""

from typing import NamedTuple

from kfp import dsl


@dsl.component(
    base_image="python:3.11",
    packages_to_install=[
        "quantgate[convert,data,evaluate,gcs,kfp,report,s3]==0.1.0",
    ],
)
def quantize_to_litert(
    spec: str,
    model: dsl.Input[dsl.Model],
    winner: dsl.Output[dsl.Model],
    decision: dsl.Output[dsl.Artifact],
    report: dsl.Output[dsl.Markdown],
    metrics: dsl.Output[dsl.Metrics],
    calibration: dsl.Input[dsl.Dataset] = None,
    evaluation: dsl.Input[dsl.Dataset] = None,
) -> NamedTuple("Outputs", [("qualified", bool)]):
    """Quantize a TensorFlow model to LiteRT in every mode and pick the best that meets the limits.

    Runs a quantgate spec in one task: each post-training quantization mode is tried, the converted
    models are compared with the float model, and the best one that meets every limit wins. A run
    without a qualifying candidate is a result, not a failure.

    Args:
        spec: The spec as YAML text. Artifacts that are passed replace its paths.
        model: The float model, a SavedModel or a Keras file.
        winner: The winning `.tflite` file, zero bytes long if no candidate qualifies.
        decision: The decision as JSON, with the measurements of every candidate.
        report: The decision as Markdown.
        metrics: The winner's measurements.
        calibration: Representative samples. Without them, the spec has to name a URI.
        evaluation: Labelled samples. Without them, the spec has to name a URI.

    Returns:
        qualified: Whether a candidate meets every limit.
    """
    from quantgate.single_task import run_in_one_task

    outcome = run_in_one_task(
        spec,
        model=model.path,
        calibration=calibration.path if calibration else None,
        evaluation=evaluation.path if evaluation else None,
        winner_path=winner.path,
        decision_path=decision.path,
        report_path=report.path,
    )
    for name, value in outcome.measurements.items():
        metrics.log_metric(name, value)
    return (outcome.qualified,)


if __name__ == "__main__":
    from kfp.compiler import Compiler

    Compiler().compile(
        quantize_to_litert,
        package_path=__file__.replace(".py", "_component.yaml"),
    )
