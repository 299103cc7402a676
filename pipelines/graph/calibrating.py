"""The tasks that run the calibration set, one for each engine that needs it."""

from kfp.dsl.pipeline_task import PipelineTask

from quantgate.components.calibrate.component import calibrate
from quantgate.components.record_ranges.component import record_ranges
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
        **bounds(plan),
    )
    runtime(task, tasks.RECORD_RANGES)
    return {"ranges": task.outputs["ranges"], "calibration": samples.outputs["dataset"]}
