"""The tasks that run the calibration set: of each engine, of recovery, and of the search."""

from collections.abc import Mapping
from typing import Any

from kfp import dsl
from kfp.dsl.pipeline_task import PipelineTask

from quantgate.components.calibrate.component import calibrate
from quantgate.components.calibrate_shard.component import calibrate_shard
from quantgate.components.merge_calibration.component import merge_calibration
from quantgate.components.merge_ranges.component import merge_ranges
from quantgate.components.record_ranges.component import record_ranges
from quantgate.components.record_ranges_shard.component import record_ranges_shard
from quantgate.components.recover.component import recover
from quantgate.components.search.component import search
from quantgate.domain.calibrators import LITERT
from quantgate.pipelines.graph.candidates import bounds
from quantgate.pipelines.graph.inputs import Inputs
from quantgate.pipelines.graph.measuring import metric_inputs, shard_items
from quantgate.pipelines.graph.resources import Channel, conversion, runtime
from quantgate.planning import tasks
from quantgate.planning.calibrations import calibration_shards_of
from quantgate.planning.plan import Plan
from quantgate.spec.model.functions import travels


def add_calibration(
    plan: Plan, baseline: PipelineTask, samples: PipelineTask | None
) -> dict[str, Channel]:
    """Add the calibration, and return the inputs of `quantize` for calibrated modes.

    Args:
        plan: the plan.
        baseline: the task that converts the float model.
        samples: the task that builds the calibration set, or None.
    """
    if samples is None or not plan.calibrates_modes:
        return {}
    model = {
        "prepared": baseline.outputs["prepared"],
        "facts": baseline.outputs["facts"],
        **_calibrator(plan),
    }
    given = {"calibration": samples.outputs["dataset"], **bounds(plan)}
    count = calibration_shards_of(plan.spec)
    task = _calibrated_in_shards(count, model, given) if count > 1 else calibrate(**model, **given)
    conversion(task, tasks.CALIBRATE)
    return {
        "calibrated": task.outputs["calibrated"],
        "calibration": samples.outputs["dataset"],
    }


def _calibrator(plan: Plan) -> dict[str, Any]:
    named = plan.spec.quantize.calibrator
    return {} if named == LITERT else {"calibrator": named}


def _calibrated_in_shards(
    count: int, model: Mapping[str, Any], given: Mapping[str, Any]
) -> PipelineTask:
    with dsl.ParallelFor(shard_items(count)) as shard:
        part = conversion(calibrate_shard(**model, **given, shard=shard), tasks.CALIBRATE_SHARD)
    parts = dsl.Collected(part.outputs["part"])
    return merge_calibration(parts=parts, shards=count, **model)


def add_ranges(
    plan: Plan, baseline: PipelineTask, samples: PipelineTask | None
) -> dict[str, Channel]:
    """Add the recording of ranges, and return the inputs of `quantize_recipe` that need it.

    Args:
        plan: the plan.
        baseline: the task that makes the float model.
        samples: the task that builds the calibration set, or None.
    """
    if samples is None or not plan.records_ranges:
        return {}
    moments = {"moments": plan.moments} if plan.moments else {}
    given = {
        "baseline": baseline.outputs["baseline"],
        "facts": baseline.outputs["facts"],
        "calibration": samples.outputs["dataset"],
        **bounds(plan),
    }
    count = calibration_shards_of(plan.spec)
    task = (
        _recorded_in_shards(count, given, moments)
        if count > 1
        else runtime(record_ranges(**given, **moments), tasks.RECORD_RANGES)
    )
    return {"ranges": task.outputs["ranges"], "calibration": samples.outputs["dataset"]}


def _recorded_in_shards(
    count: int, given: Mapping[str, Any], moments: Mapping[str, str]
) -> PipelineTask:
    """Add the tasks that record ranges in shards, and then moments, which need all ranges."""
    with dsl.ParallelFor(shard_items(count)) as shard:
        part = runtime(record_ranges_shard(**given, shard=shard), tasks.RECORD_RANGES_SHARD)
    task = merge_ranges(parts=dsl.Collected(part.outputs["part"]), shards=count)
    runtime(task, tasks.RECORD_RANGES)
    if not moments:
        return task
    ranges = task.outputs["ranges"]
    with dsl.ParallelFor(shard_items(count)) as shard:
        sums = record_ranges_shard(**given, **moments, ranges=ranges, shard=shard)
        runtime(sums, tasks.RECORD_MOMENTS_SHARD)
    parts = dsl.Collected(sums.outputs["part"])
    merged = merge_ranges(parts=parts, shards=count, recorded=ranges, **moments)
    return runtime(merged, tasks.RECORD_MOMENTS)


def scoring(plan: Plan, inputs: Inputs, labelled: PipelineTask | None) -> dict[str, Any]:
    """Return the inputs with which recovery and the search score models, or none.

    Args:
        plan: the plan.
        inputs: the user's code.
        labelled: the task that builds the samples to score on, or None.
    """
    search = plan.search_data
    if search is None or labelled is None:
        return {}
    given = metric_inputs(plan, inputs, [search.metric])
    (metric,) = given.pop("metrics")
    return {
        "labelled": labelled.outputs["dataset"],
        "metric": metric,
        **given,
    }


def add_recovery(
    plan: Plan,
    baseline: PipelineTask,
    ranges: Mapping[str, Channel],
    scorer: Mapping[str, Any],
) -> dict[str, Channel]:
    """Add the recovery, and return the inputs of `quantize_recipe` for recovered candidates.

    Args:
        plan: the plan.
        baseline: the task that makes the float model.
        ranges: the inputs of `quantize_recipe` that need ranges.
        scorer: the inputs from `scoring`.
    """
    settings = plan.spec.quantize.recover
    if settings is None or not plan.recovered:
        return {}
    task = recover(
        baseline=baseline.outputs["baseline"],
        facts=baseline.outputs["facts"],
        candidates=[item for loop in plan.loops if loop.is_recovered for item in loop.items],
        techniques=plan.techniques,
        budget=settings.budget,
        **ranges,
        **scorer,
        **bounds(plan),
    )
    _refuse_cache(plan, task)
    runtime(task, tasks.RECOVER)
    return {**ranges, "recovered": task.outputs["recovered"]}


def add_search(
    plan: Plan,
    baseline: PipelineTask,
    samples: PipelineTask | None,
    ranges: Mapping[str, Channel],
    scorer: Mapping[str, Any],
) -> dict[str, Channel]:
    """Add the search, and return the inputs of `quantize_recipe` for searched candidates.

    Args:
        plan: the plan.
        baseline: the task that makes the float model.
        samples: the task that builds the calibration set, or None.
        ranges: the inputs of `quantize_recipe` that need ranges.
        scorer: the inputs from `scoring`.
    """
    settings = plan.spec.quantize.search
    if settings is None or samples is None:
        return {}
    calibration = {"calibration": samples.outputs["dataset"]}
    needed = ranges if any(each.calibrated for each in plan.searched) else calibration
    task = search(
        baseline=baseline.outputs["baseline"],
        facts=baseline.outputs["facts"],
        candidates=[item for loop in plan.loops if loop.is_searched for item in loop.items],
        target=plan.spec.quantize.target,
        bits=plan.bits,
        budget=settings.budget,
        **needed,
        **scorer,
        **_limit(plan),
        **bounds(plan),
    )
    _refuse_cache(plan, task)
    runtime(task, tasks.SEARCH)
    return {**needed, "searched": task.outputs["searched"]}


def _limit(plan: Plan) -> dict[str, Any]:
    """Return the limit of the metric that models are scored by, if it has one."""
    search = plan.search_data
    limit = plan.spec.gate.limits.get(search.metric.title) if search else None
    return {"limit": limit.model_dump(exclude_none=True)} if limit else {}


def _refuse_cache(plan: Plan, task: PipelineTask) -> None:
    """Keep a task out of the cache if a function that it calls may change under its name."""
    search = plan.search_data
    if search and search.metric.is_own and not travels(plan.spec, search.metric.metric):
        task.set_caching_options(False)
