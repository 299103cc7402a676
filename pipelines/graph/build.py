"""Build the graph of a plan from components. Model and data may come from any task."""

from dataclasses import replace
from typing import NamedTuple

from kfp.dsl import HTML, Artifact, Markdown, Model
from kfp.dsl.pipeline_task import PipelineTask

from quantgate.components.calibrate.component import calibrate
from quantgate.components.compare_baseline.component import compare_baseline
from quantgate.components.convert_baseline.component import convert_baseline
from quantgate.components.export_model.component import export_model
from quantgate.components.gate.component import gate
from quantgate.components.promote.component import promote
from quantgate.components.record_ranges.component import record_ranges
from quantgate.pipelines.graph.candidates import Basis, bounds, try_candidates
from quantgate.pipelines.graph.datasets import build_calibration_set, build_evaluation_set
from quantgate.pipelines.graph.inputs import Inputs, Source, bring_code
from quantgate.pipelines.graph.measuring import add_benchmark, add_evaluation, stopping_early, terms
from quantgate.pipelines.graph.placement import place
from quantgate.pipelines.graph.resources import Channel, conversion, runtime
from quantgate.planning import tasks
from quantgate.planning.plan import Plan


class Outputs(NamedTuple):
    """The outputs of the pipeline."""

    decision: Artifact
    report: Markdown
    page: HTML
    winner: Model
    compiled: Artifact
    qualified: bool


def build_graph(plan: Plan, inputs: Inputs, spec_sha256: str) -> Outputs:
    """Connect the components. Has to be called inside a `@dsl.pipeline` function."""
    if plan.spec.model.keras:
        inputs = replace(inputs, model=_export_model(inputs))
    if plan.spec.code:
        inputs = replace(inputs, code=bring_code(plan.spec.code))
    baseline = _convert_baseline(plan, inputs)
    evaluation = build_evaluation_set(plan, inputs, baseline)
    baseline_measurement = add_evaluation(
        plan, inputs, baseline.outputs["baseline"], baseline, evaluation
    )
    baseline_measurement.set_display_name(tasks.EVALUATE_BASELINE)
    comparison = _compare_baseline(inputs, baseline, evaluation)
    representative = (
        build_calibration_set(plan, inputs, baseline) if plan.calibration_data else None
    )
    calibration: dict[str, Channel] = {}
    if representative and plan.calibrates_modes:
        calibration = _calibrate(plan, baseline, representative)
    ranges: dict[str, Channel] = {}
    if representative and plan.records_ranges:
        ranges = _record_ranges(plan, baseline, representative)
    stopping = stopping_early(plan, baseline_measurement)
    basis = Basis(baseline, evaluation, calibration, ranges, stopping)
    candidates = try_candidates(plan, inputs, basis)
    others = (baseline_measurement, comparison, candidates.evidence)
    latency = add_benchmark(plan, baseline, evaluation, candidates.models, after=others)
    decision = gate(
        facts=baseline.outputs["facts"],
        baseline=baseline_measurement.outputs["measurement"],
        evidence=candidates.evidence.outputs["collected"],
        models=candidates.models.outputs["collected"],
        name=plan.spec.name,
        spec_sha256=spec_sha256,
        allow_random=plan.spec.data.allow_random,
        doubtful=plan.spec.gate.doubtful,
        family=plan.spec.gate.family,
        evaluation=evaluation.outputs["summary"],
        comparison=comparison.outputs["comparison"],
        **terms(plan),
        **({"code_sha256": plan.spec.code.sha256} if plan.spec.code else {}),
        **({"latency": latency} if latency else {}),
        **({"calibrated": calibration["calibrated"]} if calibration else {}),
        **({"calibration": representative.outputs["summary"]} if representative else {}),
        **({"baseline_model": baseline.outputs["baseline"]} if plan.spec.keeps_baseline else {}),
    )
    runtime(decision, tasks.GATE)
    if inputs.promote_to is not None:
        _promote(plan, decision, inputs.promote_to)
    place(plan.spec.cluster)
    return Outputs(
        decision=decision.outputs["decision"],
        report=decision.outputs["report"],
        page=decision.outputs["page"],
        winner=decision.outputs["winner"],
        compiled=decision.outputs["compiled"],
        qualified=decision.outputs["qualified"],
    )


def _export_model(inputs: Inputs) -> Source:
    task = conversion(export_model(**inputs.model.given_as("model")), tasks.EXPORT_MODEL)
    return Source(task.outputs["saved_model"], sha256=task.outputs["Output"])


def _convert_baseline(plan: Plan, inputs: Inputs) -> PipelineTask:
    model = plan.spec.model
    task = convert_baseline(
        signatures=model.signatures,
        tags=model.tags,
        calibrated=plan.calibrates_modes,
        **inputs.model.given_as("model"),
        **({"source_sha256": inputs.model.sha256} if inputs.model.sha256 else {}),
        **({"select_tf_ops": True} if plan.spec.quantize.select_tf_ops else {}),
        **({"batch": plan.batch} if plan.batch else {}),
    )
    return conversion(task, tasks.CONVERT_BASELINE)


def _compare_baseline(
    inputs: Inputs, baseline: PipelineTask, evaluation: PipelineTask
) -> PipelineTask:
    task = compare_baseline(
        model=inputs.model.artifact,
        baseline=baseline.outputs["baseline"],
        facts=baseline.outputs["facts"],
        evaluation=evaluation.outputs["dataset"],
    )
    return conversion(task, tasks.COMPARE_BASELINE)


def _calibrate(plan: Plan, baseline: PipelineTask, samples: PipelineTask) -> dict[str, Channel]:
    """Add the calibration, and return the inputs of `quantize` for calibrated modes."""
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


def _record_ranges(plan: Plan, baseline: PipelineTask, samples: PipelineTask) -> dict[str, Channel]:
    """Add the recording of ranges, and return the inputs of `quantize_recipe`."""
    task = record_ranges(
        prepared=baseline.outputs["baseline"],
        facts=baseline.outputs["facts"],
        calibration=samples.outputs["dataset"],
        **bounds(plan),
    )
    runtime(task, tasks.RECORD_RANGES)
    return {"ranges": task.outputs["ranges"], "calibration": samples.outputs["dataset"]}


def _promote(plan: Plan, decision: PipelineTask, to: Channel) -> None:
    compiled = {"compiled": decision.outputs["compiled"]} if plan.spec.measure.targets else {}
    task = promote(
        decision=decision.outputs["decision"],
        winner=decision.outputs["winner"],
        to=to,
        **compiled,
    )
    runtime(task, tasks.PROMOTE).set_caching_options(False)
