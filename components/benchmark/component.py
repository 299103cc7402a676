"""KFP interface of `benchmark`."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def benchmark(
    baseline: Input[Model],
    candidates: Input[Artifact],
    facts: Input[Artifact],
    signature: str,
    evaluation: Input[Dataset],
    threads: int,
    warmup: int,
    runs: int,
    budget_s: float,
    latency: Output[Artifact],
    timeout_s: float = 21600.0,
) -> None:
    """Measure the latency, memory and load time of all models, with interleaved invocations.

    Args:
        baseline: the float .tflite.
        candidates: folder that `collect` wrote, with the quantized .tflite files.
        facts: `ModelFacts` of the float model.
        signature: key of the signature to invoke.
        evaluation: the data set that samples are taken from.
        threads: threads of the interpreter.
        warmup: untimed invocations of each model.
        runs: timed invocations of each model.
        budget_s: seconds that the timed invocations of a model may take. A slower model is timed
            less often, but at least ten times.
        latency: `Benchmark` as JSON.
        timeout_s: seconds after which a model is stopped and fails.
    """
    from quantgate.components.benchmark import work

    measured = work.benchmark(
        work.BenchmarkInputs(baseline.path, candidates.path, facts.path, evaluation.path),
        work.BenchmarkSettings(signature, threads, warmup, runs, budget_s, timeout_s),
        latency.path,
    )
    if measured.provisional:
        latency.metadata["provisional"] = "true"
