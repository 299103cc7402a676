"""Plan -> the graph of components, over channels: whoever made the model and the data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from kfp import dsl
from kfp.dsl import HTML, Artifact, Markdown, Model
from kfp.dsl.pipeline_task import PipelineTask

from quantgate import tasks
from quantgate.components.benchmark.component import benchmark
from quantgate.components.calibrate.component import calibrate
from quantgate.components.convert_baseline.component import convert_baseline
from quantgate.components.evaluate.component import evaluate
from quantgate.components.export_model.component import export_model
from quantgate.components.gate.component import gate
from quantgate.components.measure_targets.component import measure_targets
from quantgate.components.promote.component import promote
from quantgate.components.quantize.component import quantize
from quantgate.pipelines.datasets import build_calibration_set, build_evaluation_set
from quantgate.pipelines.inputs import Inputs, bring_code
from quantgate.pipelines.placement import place
from quantgate.pipelines.resources import Channel, conversion, runtime
from quantgate.plan import Plan
from quantgate.spec.functions import travels


class Outputs(NamedTuple):
    """What the pipeline hands back."""

    decision: Artifact
    report: Markdown
    page: HTML
    winner: Model
    compiled: Artifact
    qualified: bool


@dataclass(frozen=True)
class _Candidates:
    """The channels inside the loop over the candidates.

    The compiler changes a `dsl.Collected` where it is consumed, so each consumer makes its own.
    """

    quantized: Channel
    attestation: Channel
    measurement: Channel
    targets: Channel | None


def build_graph(plan: Plan, inputs: Inputs, spec_sha256: str) -> Outputs:
    """Chain the components; to be called inside a `@dsl.pipeline` function."""
    if plan.spec.model.keras:
        inputs = replace(inputs, model=_export_model(inputs))
    if plan.spec.code:
        inputs = replace(inputs, code=bring_code(plan.spec.code))
    baseline = _convert_baseline(plan, inputs)
    evaluation = build_evaluation_set(plan, inputs, baseline)
    baseline_measurement = _evaluate(
        plan, inputs, baseline.outputs["baseline"], baseline, evaluation
    )
    baseline_measurement.set_display_name(tasks.EVALUATE_BASELINE)
    representative = (
        build_calibration_set(plan, inputs, baseline) if plan.calibration_data else None
    )
    calibration = _calibrate(plan, baseline, representative) if representative else {}
    stopping = _stopping(plan, baseline_measurement)
    candidates = _try_candidates(plan, inputs, baseline, evaluation, calibration, stopping)
    latency = _benchmark(plan, baseline, evaluation, candidates, after=baseline_measurement)
    decision = gate(
        facts=baseline.outputs["facts"],
        baseline=baseline_measurement.outputs["measurement"],
        attestations=dsl.Collected(candidates.attestation),
        measurements=dsl.Collected(candidates.measurement),
        models=dsl.Collected(candidates.quantized),
        name=plan.spec.name,
        limits=_limits(plan),
        choose=_choose(plan),
        spec_sha256=spec_sha256,
        allow_random=plan.spec.data.allow_random,
        evaluation=evaluation.outputs["summary"],
        **({"code_sha256": plan.spec.code.sha256} if plan.spec.code else {}),
        **({"latency": latency} if latency else {}),
        **({"targets": dsl.Collected(candidates.targets)} if candidates.targets else {}),
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


def _export_model(inputs: Inputs) -> Channel:
    task = export_model(model=inputs.model)
    return conversion(task, tasks.EXPORT_MODEL).outputs["saved_model"]


def _convert_baseline(plan: Plan, inputs: Inputs) -> PipelineTask:
    model = plan.spec.model
    task = convert_baseline(
        model=inputs.model,
        signatures=model.signatures,
        tags=model.tags,
        calibrated=plan.calibrated,
        **({"select_tf_ops": True} if plan.spec.quantize.select_tf_ops else {}),
    )
    return conversion(task, tasks.CONVERT_BASELINE)


def _calibrate(plan: Plan, baseline: PipelineTask, samples: PipelineTask) -> dict[str, Channel]:
    """Return the optional inputs that `quantize` takes for calibrated modes."""
    task = calibrate(
        prepared=baseline.outputs["prepared"],
        facts=baseline.outputs["facts"],
        calibration=samples.outputs["dataset"],
        **_bounds(plan),
    )
    conversion(task, tasks.CALIBRATE)
    return {
        "calibrated": task.outputs["calibrated"],
        "calibration": samples.outputs["dataset"],
    }


def _try_candidates(
    plan: Plan,
    inputs: Inputs,
    baseline: PipelineTask,
    evaluation: PipelineTask,
    calibration: dict[str, Channel],
    stopping: dict[str, Any],
) -> _Candidates:
    with dsl.ParallelFor(plan.items, name="candidates") as candidate:
        quantized = quantize(
            model=inputs.model,
            baseline=baseline.outputs["baseline"],
            facts=baseline.outputs["facts"],
            candidate=candidate,
            **_bounds(plan),
            **calibration,
        )
        conversion(quantized, tasks.QUANTIZE)
        model = quantized.outputs["quantized"]
        measured = _evaluate(plan, inputs, model, baseline, evaluation, stopping)
        targets = _measure_targets(plan, model, baseline, evaluation)
    return _Candidates(
        quantized=quantized.outputs["quantized"],
        attestation=quantized.outputs["attestation"],
        measurement=measured.outputs["measurement"],
        targets=targets,
    )


def _bounds(plan: Plan) -> dict[str, Any]:
    quantize = plan.spec.quantize
    memory = {"memory_limit": quantize.memory_limit} if quantize.memory_limit else {}
    return {"timeout_s": quantize.timeout_s, **memory}


def _stopping(plan: Plan, baseline_measurement: PipelineTask) -> dict[str, Any]:
    """Return the optional inputs of `evaluate` with which it may stop early."""
    if not plan.stops_early:
        return {}
    return {
        "reference": baseline_measurement.outputs["measurement"],
        "limits": _limits(plan),
        "choose": _choose(plan),
    }


def _evaluate(
    plan: Plan,
    inputs: Inputs,
    model: Channel,
    baseline: PipelineTask,
    evaluation: PipelineTask,
    stopping: Mapping[str, Any] = MappingProxyType({}),
) -> PipelineTask:
    metrics = plan.spec.measure.metrics
    own = [metric.metric for metric in metrics if metric.is_own]
    against = any(metric.figure and not metric.figure.labelled for metric in metrics)
    task = evaluate(
        model=model,
        facts=baseline.outputs["facts"],
        evaluation=evaluation.outputs["dataset"],
        metrics=[metric.model_dump(exclude_none=True) for metric in metrics],
        **({"baseline": baseline.outputs["baseline"]} if against else {}),
        **stopping,
        **(inputs.code if any(travels(plan.spec, function) for function in own) else {}),
    )
    if not all(travels(plan.spec, function) for function in own):
        # What a function computes may change while its name stays.
        task.set_caching_options(False)
    return runtime(task, tasks.EVALUATE)


def _measure_targets(
    plan: Plan, model: Channel, baseline: PipelineTask, evaluation: PipelineTask
) -> Channel | None:
    targets = plan.spec.measure.targets
    if not targets:
        return None
    task = measure_targets(
        model=model,
        facts=baseline.outputs["facts"],
        evaluation=evaluation.outputs["dataset"],
        targets=[{"target": each.target, "options": each.options} for each in targets],
    )
    return runtime(task, tasks.MEASURE_TARGETS).outputs["measured"]


def _benchmark(
    plan: Plan,
    baseline: PipelineTask,
    evaluation: PipelineTask,
    candidates: _Candidates,
    after: PipelineTask,
) -> Channel | None:
    """Time all models in one task, which starts when nothing else is left to disturb it."""
    latency = plan.spec.measure.latency
    if latency is None:
        return None
    task = benchmark(
        baseline=baseline.outputs["baseline"],
        candidates=dsl.Collected(candidates.quantized),
        facts=baseline.outputs["facts"],
        signature=plan.timed,
        evaluation=evaluation.outputs["dataset"],
        threads=latency.threads,
        warmup=latency.warmup,
        runs=latency.runs,
        budget_s=latency.budget_s,
    )
    task.after(after)
    runtime(task, tasks.BENCHMARK).set_cpu_request(str(latency.threads))
    return task.outputs["latency"]


def _promote(plan: Plan, decision: PipelineTask, to: Channel) -> None:
    compiled = {"compiled": decision.outputs["compiled"]} if plan.spec.measure.targets else {}
    task = promote(
        decision=decision.outputs["decision"],
        winner=decision.outputs["winner"],
        to=to,
        **compiled,
    )
    runtime(task, tasks.PROMOTE).set_caching_options(False)


def _choose(plan: Plan) -> list[dict[str, Any]]:
    return [objective.model_dump(exclude_none=True) for objective in plan.spec.objectives]


def _limits(plan: Plan) -> dict[str, dict[str, float]]:
    return {name: limit.model_dump(exclude_none=True) for name, limit in plan.spec.gate.items()}
