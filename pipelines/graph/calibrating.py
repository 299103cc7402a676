"""The tasks that run the calibration set: of each engine, of recovery, and of the search."""

from collections.abc import Mapping

from kfp.dsl.pipeline_task import PipelineTask

from quantgate.components.calibrate.component import calibrate
from quantgate.components.record_ranges.component import record_ranges
from quantgate.components.recover.component import recover
from quantgate.components.search.component import search
from quantgate.pipelines.graph.candidates import bounds
from quantgate.pipelines.graph.resources import Channel, conversion, runtime
from quantgate.planning import tasks
from quantgate.planning.plan import Plan


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
    task = calibrate(
        prepared=baseline.outputs["prepared"],
        facts=baseline.outputs["facts"],
        calibration=samples.outputs["dataset"],
        **bounds(plan),
    )
    conversion(task, tasks.CALIBRATE)
    return {
        "calibrated": task.outputs["calibrated"],
        "calibration": samples.outputs["dataset"],
    }


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
    task = record_ranges(
        baseline=baseline.outputs["baseline"],
        facts=baseline.outputs["facts"],
        calibration=samples.outputs["dataset"],
        **({"moments": plan.moments} if plan.moments else {}),
        **bounds(plan),
    )
    runtime(task, tasks.RECORD_RANGES)
    return {"ranges": task.outputs["ranges"], "calibration": samples.outputs["dataset"]}


def add_recovery(
    plan: Plan, baseline: PipelineTask, ranges: Mapping[str, Channel]
) -> dict[str, Channel]:
    """Add the recovery, and return the inputs of `quantize_recipe` for recovered candidates.

    Args:
        plan: the plan.
        baseline: the task that makes the float model.
        ranges: the inputs of `quantize_recipe` that need ranges.
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
        **bounds(plan),
    )
    runtime(task, tasks.RECOVER)
    return {**ranges, "recovered": task.outputs["recovered"]}


def add_search(
    plan: Plan,
    baseline: PipelineTask,
    samples: PipelineTask | None,
    ranges: Mapping[str, Channel],
) -> dict[str, Channel]:
    """Add the search, and return the inputs of `quantize_recipe` for searched candidates.

    Args:
        plan: the plan.
        baseline: the task that makes the float model.
        samples: the task that builds the calibration set, or None.
        ranges: the inputs of `quantize_recipe` that need ranges.
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
        **bounds(plan),
    )
    runtime(task, tasks.SEARCH)
    return {**needed, "searched": task.outputs["searched"]}
