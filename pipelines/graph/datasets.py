"""The tasks that build data sets from the sources in the spec."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kfp import dsl
from kfp.dsl.pipeline_task import PipelineTask

from quantgate.components.build_dataset.component import build_dataset
from quantgate.components.build_dataset_shard.component import build_dataset_shard
from quantgate.components.images import CONVERT
from quantgate.components.merge_dataset.component import merge_dataset
from quantgate.foundation.json_argument import json_argument
from quantgate.pipelines.graph.inputs import Inputs
from quantgate.pipelines.graph.measuring import metric_inputs, shard_items
from quantgate.pipelines.graph.resources import Channel, conversion, runtime
from quantgate.planning import tasks
from quantgate.planning.candidates import key_of
from quantgate.planning.data import SearchData, SignatureData
from quantgate.planning.plan import Plan
from quantgate.spec.model.data import DEFAULT_SAMPLES, OPTION_KEYS, DataSource
from quantgate.spec.model.formats import PYTHON, TENSORFLOW, declared_format
from quantgate.spec.model.functions import travels
from quantgate.spec.model.metric import Metric


def build_evaluation_set(plan: Plan, inputs: Inputs, baseline: PipelineTask) -> PipelineTask:
    """Add a task for each signature of the evaluation set. The last one outputs the whole set.

    The last task also checks that the metrics match outputs and labels. The loop over the
    candidates waits for it, so errors are reported before any conversion.
    """
    if plan.data_shards > 1:
        return _built_in_shards(plan, inputs, baseline)
    last = plan.evaluation_data[-1].signature

    def build(samples: SignatureData, settled: dict[str, Any]) -> PipelineTask:
        data = samples.data
        if samples.signature == last:
            settled = {**settled, **_metrics(plan, inputs, data, plan.spec.measure.metrics)}
        return build_dataset(
            purpose="evaluation",
            **_labelled(samples),
            **_fields(plan, samples.signature),
            **_group(plan, samples.signature),
            **settled,
        )

    made_of = _Ingredients(plan, inputs, baseline)
    return _chained(tasks.BUILD_EVALUATION, plan.evaluation_data, made_of, build)


def _built_in_shards(plan: Plan, inputs: Inputs, baseline: PipelineTask) -> PipelineTask:
    """Add a task for each share of the source, and one that merges what they say of their parts."""
    (samples,) = plan.evaluation_data
    made_of = _Ingredients(plan, inputs, baseline)
    subject = {"facts": baseline.outputs["facts"], "signature": samples.signature}
    fields = _fields(plan, samples.signature)
    with dsl.ParallelFor(shard_items(plan.data_shards)) as shard:
        part = build_dataset_shard(
            listing=inputs.listings[samples.parameter],
            shard=shard,
            label=samples.data.label or "",
            seed=samples.data.seed,
            options=made_of.options(samples.data),
            **fields,
            **_group(plan, samples.signature),
            **subject,
        )
        made_of.reading(part, tasks.BUILD_EVALUATION_SHARD, samples.data)
    merged = merge_dataset(
        summaries=dsl.Collected(part.outputs["summary"]),
        shards=plan.data_shards,
        **fields,
        **metric_inputs(plan, inputs, plan.spec.measure.metrics),
        **subject,
    )
    return runtime(merged, tasks.BUILD_EVALUATION)


def build_calibration_set(plan: Plan, inputs: Inputs, baseline: PipelineTask) -> PipelineTask:
    """Add a task for each signature of the calibration set. The last one outputs the whole set.

    The set has the samples of every calibration in the plan.
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
            **_default_samples(samples.data),
            **({"variants": json_argument(own)} if own else {}),
            **_fields(plan, samples.signature),
            **_group(plan, samples.signature),
            **settled,
        )

    made_of = _Ingredients(plan, inputs, baseline)
    return _chained(tasks.BUILD_CALIBRATION, plan.calibration_data, made_of, build)


def build_search_set(
    plan: Plan, search: SearchData, inputs: Inputs, baseline: PipelineTask
) -> PipelineTask:
    """Add the task that builds the samples that recovery and the search choose by."""

    def build(samples: SignatureData, settled: dict[str, Any]) -> PipelineTask:
        data = samples.data
        return build_dataset(
            purpose="search",
            **_labelled(samples),
            **({"fields": json_argument(search.fields)} if search.fields else {}),
            **_group(plan, samples.signature),
            **_metrics(plan, inputs, data, [search.metric]),
            **settled,
        )

    made_of = _Ingredients(plan, inputs, baseline)
    return _chained(tasks.BUILD_SEARCH, [search.samples], made_of, build)


def _labelled(samples: SignatureData) -> dict[str, Any]:
    """Return the label and the choice of samples, which are all of them if no number is named."""
    data = samples.data
    return {
        "label": data.label or "",
        "samples": data.samples or 0,
        "select": data.select if data.samples else "first",
        "seed": data.seed,
    }


def _default_samples(data: DataSource) -> dict[str, int]:
    """Return the number of samples if the spec names none."""
    asked = "samples" in data.model_fields_set
    return {} if asked else {"default_samples": DEFAULT_SAMPLES}


@dataclass(frozen=True)
class _Ingredients:
    """The inputs of every task that builds a data set."""

    plan: Plan
    inputs: Inputs
    baseline: PipelineTask

    def settled(self, samples: SignatureData) -> dict[str, Channel]:
        """Return the inputs that calibration and evaluation sets share."""
        return {
            "facts": self.baseline.outputs["facts"],
            "signature": samples.signature,
            **self._where(samples),
            **(self.inputs.code if travels(self.plan.spec, samples.data.source) else {}),
        }

    def _where(self, samples: SignatureData) -> dict[str, Channel]:
        """Return the source and its options."""
        return {**self._source(samples), "options": self.options(samples.data)}

    def _source(self, samples: SignatureData) -> dict[str, Channel]:
        """Return the source: the name of a generator, a list of files, or an artifact."""
        located, inputs = samples.parameter, self.inputs
        if not located:
            return {"generator": samples.data.source}
        if located in inputs.listings:
            return {"listing": inputs.listings[located]}
        return inputs.sources[located].given_as("source")

    def options(self, data: DataSource) -> str:
        """Return the keys of a source about its format, as a parameter.

        JSON, because integers become floats in parameters of KFP's type `dict`.
        """
        given = {key: value for key, value in data.model_dump().items() if key in OPTION_KEYS}
        return json_argument(given)

    def reading(self, task: PipelineTask, title: str, data: DataSource) -> PipelineTask:
        """Choose the image and resources of a task by the format that it reads."""
        data_format = declared_format(data)
        if data_format in TENSORFLOW:
            return conversion(task.set_container_image(CONVERT), title)
        if data_format == PYTHON and not travels(self.plan.spec, data.source):
            # A function may yield other data under the same name.
            task.set_caching_options(False)
        return runtime(task, title)


def _metrics(
    plan: Plan, inputs: Inputs, data: DataSource, metrics: Sequence[Metric]
) -> dict[str, Any]:
    """Return the metrics to check. TensorFlow's image cannot check the user's functions."""
    if declared_format(data) in TENSORFLOW:
        metrics = [metric for metric in metrics if not metric.is_own]
    return metric_inputs(plan, inputs, metrics)


def _fields(plan: Plan, signature: str) -> dict[str, str]:
    fields = plan.fields_of(signature)
    return {"fields": json_argument(fields)} if fields else {}


def _group(plan: Plan, signature: str) -> dict[str, str]:
    group = plan.spec.data.evaluation.of(signature).group
    return {"group": group} if group else {}


def _chained(
    title: str,
    data: Sequence[SignatureData],
    made_of: _Ingredients,
    build: Callable[[SignatureData, dict[str, Channel]], PipelineTask],
) -> PipelineTask:
    """Add a task for each signature, which adds its samples to those of the one before."""
    (first, *further), (own_title, *titles) = data, tasks.build_titles(title, data)
    last = made_of.reading(build(first, made_of.settled(first)), own_title, first.data)
    for samples, own_title in zip(further, titles, strict=True):
        settled = {
            **made_of.settled(samples),
            "others": last.outputs["dataset"],
            "others_summary": last.outputs["summary"],
        }
        last = made_of.reading(build(samples, settled), own_title, samples.data)
    return last
