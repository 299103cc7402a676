"""The tasks that measure models: accuracy, targets, latency and memory."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from kfp import dsl
from kfp.dsl.pipeline_task import PipelineTask

from quantgate.components.benchmark.component import benchmark
from quantgate.components.evaluate.component import evaluate
from quantgate.components.evaluate_shard.component import evaluate_shard
from quantgate.components.measure_targets.component import measure_targets
from quantgate.components.merge_shards.component import merge_shards
from quantgate.domain.sharding import ROUNDS, SHARD_S
from quantgate.domain.targets import MICROCONTROLLER
from quantgate.pipelines.graph.inputs import Inputs
from quantgate.pipelines.graph.resources import Channel, runtime
from quantgate.planning import tasks
from quantgate.planning.plan import Plan
from quantgate.planning.sharding import are_by_time, baseline_shards_of, shards_of
from quantgate.spec.model.functions import travels
from quantgate.spec.model.metric import Metric
from quantgate.spec.model.spec import Evaluation, Latency
from quantgate.spec.model.target import MeasuredTarget


def add_evaluation(
    plan: Plan,
    inputs: Inputs,
    model: Channel,
    baseline: PipelineTask,
    evaluation: PipelineTask,
    stopping: Mapping[str, Any] = MappingProxyType({}),
) -> PipelineTask:
    """Add the task that measures a model's accuracy, and those of its shards if there are any.

    Args:
        plan: the plan.
        inputs: the user's code.
        model: the .tflite.
        baseline: the task that makes the float model.
        evaluation: the task that builds the evaluation set.
        stopping: the inputs from `stopping_early`. With shards, these run in rounds, each of which
            decides whether the next one reads any data. A condition in a loop would break KFP's
            collecting of its outputs.
    """
    settings = {
        **metric_inputs(plan, inputs, plan.spec.measure.metrics),
        **_timeout(plan.spec.measure.evaluation),
    }
    subject = {
        "model": model,
        "facts": baseline.outputs["facts"],
        "evaluation": evaluation.outputs["dataset"],
        **_compared(plan, model, baseline),
        **settings,
    }
    of_baseline = model is baseline.outputs["baseline"]
    shards = baseline_shards_of(plan) if of_baseline else shards_of(plan)
    if shards == 1:
        return _measuring(plan, evaluate(**subject, **stopping), tasks.EVALUATE)
    title = tasks.EVALUATE_BASELINE_SHARD if of_baseline else tasks.EVALUATE_SHARD
    rounds = _shard_items(plan, shards, ROUNDS if stopping else 0)
    merging = {"facts": subject["facts"], "shards": shards, **settings, **stopping}
    return _add_rounds(plan, rounds, title, subject, merging)


def _add_rounds(
    plan: Plan,
    rounds: Sequence[list[dict[str, int]]],
    title: str,
    subject: Mapping[str, Any],
    merging: Mapping[str, Any],
) -> PipelineTask:
    """Add the shards of each round and the task that merges them, which the next round reads.

    Args:
        plan: the plan.
        rounds: the items of each round's loop.
        title: that of a shard.
        subject: the inputs of a shard.
        merging: the inputs of the task that merges, besides the shards.
    """
    earlier: dict[str, Channel] = {}
    for items, merge_title in zip(rounds, tasks.merge_titles(len(rounds)), strict=True):
        with dsl.ParallelFor(items) as shard:
            scored = _measuring(plan, evaluate_shard(**subject, shard=shard, **earlier), title)
        scores = dsl.Collected(scored.outputs["scores"])
        merged = _measuring(plan, merge_shards(scores=scores, **merging, **earlier), merge_title)
        earlier = {"earlier": merged.outputs["measurement"]}
    return merged


def _compared(plan: Plan, model: Channel, baseline: PipelineTask) -> dict[str, Channel]:
    """Return the float model as an input if a metric compares with its outputs.

    KFP's store takes an artifact once per task. The baseline needs no comparison with itself.
    """
    metrics, float_model = plan.spec.measure.metrics, baseline.outputs["baseline"]
    compares = any(metric.figure and not metric.figure.labelled for metric in metrics)
    return {"baseline": float_model} if compares and model is not float_model else {}


def _measuring(plan: Plan, task: PipelineTask, title: str) -> PipelineTask:
    own = [metric.metric for metric in plan.spec.measure.metrics if metric.is_own]
    if not all(travels(plan.spec, function) for function in own):
        # A function may compute something else under the same name.
        task.set_caching_options(False)
    return runtime(task, title)


def _shard_items(plan: Plan, count: int, rounds: int) -> list[list[dict[str, int]]]:
    """Return the items of the loop over shards of each round. Without rounds, there is one loop.

    The data decides how many samples a round has. So only the number of rounds is known here.
    """
    enough = {"least_s": SHARD_S} if are_by_time(plan.spec) else {}
    of_rounds = [{"round": number, "rounds": rounds} for number in range(1, rounds + 1)]
    return [
        [{**item, **round_, **enough} for item in shard_items(count)]
        for round_ in of_rounds or [{}]
    ]


def shard_items(count: int) -> list[dict[str, int]]:
    """Return the items of a loop over shards."""
    return [{"shard": number, "of": count} for number in range(1, count + 1)]


def first_samples(plan: Plan, evaluation: PipelineTask) -> Channel:
    """Return the evaluation set for tasks that need only the first of its samples."""
    return evaluation.outputs["head" if plan.data_shards > 1 else "dataset"]


def metric_inputs(plan: Plan, inputs: Inputs, metrics: Sequence[Metric]) -> dict[str, Any]:
    """Return metrics as parameters of a task, with the code of the user's functions."""
    travelling = any(travels(plan.spec, metric.metric) for metric in metrics)
    return {
        "metrics": [metric.model_dump(exclude_none=True) for metric in metrics],
        **(inputs.code if travelling else {}),
    }


def stopping_early(plan: Plan, baseline_measurement: PipelineTask) -> dict[str, Any]:
    """Return the inputs with which `evaluate` may stop early, or none."""
    if not plan.stops_early:
        return {}
    return {
        "reference": baseline_measurement.outputs["measurement"],
        "candidates": len(plan.candidates),
        **terms(plan),
    }


def add_targets(
    plan: Plan, model: Channel, baseline: PipelineTask, evaluation: PipelineTask
) -> Channel | None:
    """Add the task that measures a model on the spec's targets, or return None without any."""
    targets = plan.spec.measure.targets
    if not targets:
        return None
    task = measure_targets(
        model=model,
        facts=baseline.outputs["facts"],
        evaluation=first_samples(plan, evaluation),
        targets=[{**each.parameter, **_metrics_on(plan, each)} for each in targets],
    )
    return runtime(task, tasks.MEASURE_TARGETS).outputs["measured"]


def _metrics_on(plan: Plan, entry: MeasuredTarget) -> dict[str, Any]:
    metrics = plan.spec.metrics_on_microcontroller if entry.target == MICROCONTROLLER.name else []
    dumped = [metric.model_dump(exclude_none=True, exclude={"slice"}) for metric in metrics]
    return {"metrics": dumped} if dumped else {}


def add_benchmark(
    plan: Plan,
    baseline: PipelineTask,
    evaluation: PipelineTask,
    candidates: PipelineTask,
    after: Sequence[PipelineTask],
) -> Channel | None:
    """Add the task that measures latency, or return None if the spec wants none.

    It starts after all tasks in `after`, so that no other task disturbs the measurement.
    """
    latency = plan.spec.measure.latency
    if latency is None:
        return None
    task = benchmark(
        baseline=baseline.outputs["baseline"],
        candidates=candidates.outputs["collected"],
        facts=baseline.outputs["facts"],
        signature=plan.timed,
        evaluation=first_samples(plan, evaluation),
        threads=latency.threads,
        warmup=latency.warmup,
        runs=latency.runs,
        budget_s=latency.budget_s,
        **_timeout(latency),
    )
    task.after(*after)
    runtime(task, tasks.BENCHMARK).set_cpu_request(str(latency.threads))
    return task.outputs["latency"]


def _timeout(section: Evaluation | Latency | None) -> dict[str, float]:
    """Return the timeout as the parameter of a task, unless it is the default."""
    return section.model_dump(include={"timeout_s"}) if section else {}


def terms(plan: Plan) -> dict[str, Any]:
    """Return the limits and objectives, as parameters of tasks that decide."""
    spec = plan.spec
    return {
        "limits": {
            name: limit.model_dump(exclude_none=True) for name, limit in spec.gate.limits.items()
        },
        "choose": [objective.model_dump(exclude_none=True) for objective in spec.objectives],
    }
