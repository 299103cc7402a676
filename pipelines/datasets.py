"""The tasks that build data sets: what the spec says of a source, as parameters."""

import json
from dataclasses import asdict

from kfp.dsl.pipeline_task import PipelineTask

from quantgate import tasks
from quantgate.components.build_dataset.component import build_dataset
from quantgate.components.images import CONVERT
from quantgate.pipelines.resources import Channel, conversion, runtime
from quantgate.plan import Plan
from quantgate.spec.data import OPTION_KEYS, CalibrationData, DataSource, EvaluationData
from quantgate.spec.formats import PYTHON, TENSORFLOW, declared_format


def build_evaluation_set(
    data: EvaluationData, source: Channel | None, baseline: PipelineTask
) -> PipelineTask:
    """Add the task that builds the evaluation set; `source` is None where nothing lies anywhere."""
    task = build_dataset(
        facts=baseline.outputs["facts"],
        purpose="evaluation",
        label=data.label or "",
        samples=data.samples or 0,
        select=data.select if data.samples else "first",
        seed=data.seed,
        **_where(data, source),
    )
    return _reading(task, tasks.BUILD_EVALUATION, data)


def build_calibration_set(
    plan: Plan, data: CalibrationData, source: Channel | None, baseline: PipelineTask
) -> PipelineTask:
    """Add the task that builds the set with the samples of every calibration in the plan."""
    shared, *others = plan.calibrations
    own = {"variants": json.dumps([asdict(settings) for settings in others])} if others else {}
    task = build_dataset(
        facts=baseline.outputs["facts"],
        purpose="calibration",
        label=data.label or plan.spec.data.evaluation.label or "",
        samples=shared.samples,
        select=shared.select,
        seed=shared.seed,
        **own,
        **_where(data, source),
    )
    return _reading(task, tasks.BUILD_CALIBRATION, data)


def _where(data: DataSource, source: Channel | None) -> dict[str, Channel]:
    """The source as an artifact, or by name where nothing lies anywhere; and how to read it."""
    # JSON, for in a parameter of KFP's type `dict` whole numbers become floats.
    given = json.dumps(
        {key: value for key, value in data.model_dump().items() if key in OPTION_KEYS}
    )
    located = {"generator": data.source} if source is None else {"source": source}
    return {**located, "options": given}


def _reading(task: PipelineTask, title: str, data: DataSource) -> PipelineTask:
    found = declared_format(data)
    if found in TENSORFLOW:
        return conversion(task.set_container_image(CONVERT), title)
    if found == PYTHON:
        # What a function yields may change while its name stays.
        task.set_caching_options(False)
    return runtime(task, title)
