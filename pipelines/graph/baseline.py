"""The tasks that make the float baseline, and the one that compares it with its source."""

from kfp.dsl.pipeline_task import PipelineTask

from quantgate.components.compare_baseline.component import compare_baseline
from quantgate.components.convert_baseline.component import convert_baseline
from quantgate.components.export_model.component import export_model
from quantgate.components.read_tflite.component import read_tflite
from quantgate.pipelines.graph.inputs import Source
from quantgate.pipelines.graph.resources import conversion, runtime
from quantgate.planning import tasks
from quantgate.planning.plan import Plan


def export(model: Source) -> Source:
    """Add the task that exports a Keras file, and return the SavedModel."""
    task = conversion(export_model(**model.given_as("model")), tasks.EXPORT_MODEL)
    return Source(task.outputs["saved_model"], sha256=task.outputs["Output"])


def add_baseline(plan: Plan, model: Source) -> PipelineTask:
    """Add the task whose outputs are `baseline`, the float .tflite, and its `facts`."""
    if plan.spec.model.tflite:
        task = read_tflite(signatures=plan.spec.model.signatures, **model.given_as("model"))
        return runtime(task, tasks.READ_TFLITE)
    return _converted(plan, model)


def _converted(plan: Plan, model: Source) -> PipelineTask:
    task = convert_baseline(
        signatures=plan.spec.model.signatures,
        tags=plan.spec.model.tags,
        calibrated=plan.calibrates_modes,
        **model.given_as("model"),
        **({"source_sha256": model.sha256} if model.sha256 else {}),
        **({"select_tf_ops": True} if plan.spec.quantize.select_tf_ops else {}),
        **({"batch": plan.batch} if plan.batch else {}),
    )
    return conversion(task, tasks.CONVERT_BASELINE)


def add_comparison(
    plan: Plan, model: Source, baseline: PipelineTask, evaluation: PipelineTask
) -> PipelineTask | None:
    """Add the task that compares a converted baseline with its source, or return None."""
    if plan.spec.model.tflite:
        return None
    task = compare_baseline(
        model=model.artifact,
        baseline=baseline.outputs["baseline"],
        facts=baseline.outputs["facts"],
        evaluation=evaluation.outputs["spread" if plan.data_shards > 1 else "dataset"],
    )
    return conversion(task, tasks.COMPARE_BASELINE)
