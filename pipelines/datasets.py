"""The tasks that build data sets: what the spec says of a source, as parameters."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from kfp.dsl.pipeline_task import PipelineTask

from quantgate import tasks
from quantgate.components.build_dataset.component import build_dataset
from quantgate.components.images import CONVERT
from quantgate.pipelines.resources import Channel, conversion, runtime
from quantgate.plan import Plan, SignatureData, key_of
from quantgate.spec.data import OPTION_KEYS, DataSource
from quantgate.spec.formats import PYTHON, TENSORFLOW, declared_format


def build_evaluation_set(
    plan: Plan, sources: Mapping[str, Channel], baseline: PipelineTask
) -> PipelineTask:
    """Add the tasks that build the evaluation set, one a signature; the last holds them all."""

    def build(samples: SignatureData, settled: dict[str, Channel]) -> PipelineTask:
        data = samples.data
        return build_dataset(
            purpose="evaluation",
            label=data.label or "",
            samples=data.samples or 0,
            select=data.select if data.samples else "first",
            seed=data.seed,
            **_fields(plan, samples.signature),
            **settled,
        )

    return _chained(tasks.BUILD_EVALUATION, plan.evaluation_data, sources, baseline, build)


def build_calibration_set(
    plan: Plan, sources: Mapping[str, Channel], baseline: PipelineTask
) -> PipelineTask:
    """Add the tasks that build the set with the samples of every calibration in the plan.

    One a signature, of which the last holds them all.
    """
    shared, *others = plan.calibrations
    places = {samples.signature: place for place, samples in enumerate(plan.calibration_data)}

    def build(samples: SignatureData, settled: dict[str, Channel]) -> PipelineTask:
        place, evaluation = places[samples.signature], plan.spec.data.evaluation
        own = [{"key": key_of(other), **asdict(other[place])} for other in others]
        return build_dataset(
            purpose="calibration",
            label=samples.data.label or evaluation.of(samples.signature).label or "",
            **asdict(shared[place]),
            **({"variants": json.dumps(own)} if own else {}),
            **_fields(plan, samples.signature),
            **settled,
        )

    return _chained(tasks.BUILD_CALIBRATION, plan.calibration_data, sources, baseline, build)


def _fields(plan: Plan, signature: str) -> dict[str, str]:
    fields = plan.fields_of(signature)
    return {"fields": json.dumps(fields)} if fields else {}


def _chained(
    title: str,
    data: Sequence[SignatureData],
    sources: Mapping[str, Channel],
    baseline: PipelineTask,
    build: Callable[[SignatureData, dict[str, Channel]], PipelineTask],
) -> PipelineTask:
    """A task for each signature, which takes over what the one before it has built."""
    (first, *further), (own_title, *titles) = data, tasks.build_titles(title, data)
    last = _reading(build(first, _settled(first, sources, baseline)), own_title, first.data)
    for samples, own_title in zip(further, titles, strict=True):
        settled = {
            **_settled(samples, sources, baseline),
            "others": last.outputs["dataset"],
            "others_summary": last.outputs["summary"],
        }
        last = _reading(build(samples, settled), own_title, samples.data)
    return last


def _settled(
    samples: SignatureData, sources: Mapping[str, Channel], baseline: PipelineTask
) -> dict[str, Channel]:
    return {
        "facts": baseline.outputs["facts"],
        "signature": samples.signature,
        **_where(samples, sources),
    }


def _where(samples: SignatureData, sources: Mapping[str, Channel]) -> dict[str, Channel]:
    """The source as an artifact, or by name where nothing lies anywhere; and how to read it."""
    data = samples.data
    # JSON, for in a parameter of KFP's type `dict` whole numbers become floats.
    given = json.dumps(
        {key: value for key, value in data.model_dump().items() if key in OPTION_KEYS}
    )
    located = (
        {"source": sources[samples.parameter]} if samples.parameter else {"generator": data.source}
    )
    return {**located, "options": given}


def _reading(task: PipelineTask, title: str, data: DataSource) -> PipelineTask:
    found = declared_format(data)
    if found in TENSORFLOW:
        return conversion(task.set_container_image(CONVERT), title)
    if found == PYTHON:
        # What a function yields may change while its name stays.
        task.set_caching_options(False)
    return runtime(task, title)
