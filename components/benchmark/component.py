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
) -> None:
    """Time single invocations of all models, interleaved; and their memory and time to load.

    Args:
        baseline: the float .tflite.
        candidates: what `collect` made of the quantized .tflite files.
        facts: `ModelFacts` of the float model.
        signature: key of the signature that is invoked.
        evaluation: the data set that samples are taken from.
        threads: threads of the interpreter.
        warmup: invocations of each model before the clock counts.
        runs: invocations of each model that count.
        budget_s: seconds that a model may take for them; one that is slower runs less often, but at
            least ten times.
        latency: `Benchmark` as JSON.
    """
    from quantgate.components.benchmark import work

    work.benchmark(
        work.BenchmarkInputs(baseline.path, candidates.path, facts.path, evaluation.path),
        work.BenchmarkSettings(signature, threads, warmup, runs, budget_s),
        latency.path,
    )
