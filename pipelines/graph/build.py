"""Build the graph of a plan from components. Model and data may come from any task."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from kfp.dsl import HTML, Artifact, Markdown, Model
from kfp.dsl.pipeline_task import PipelineTask

from quantgate.components.gate.component import gate
from quantgate.components.promote.component import promote
from quantgate.pipelines.graph.baseline import add_baseline, add_comparison, export
from quantgate.pipelines.graph.calibrating import (
    add_calibration,
    add_ranges,
    add_recovery,
    add_search,
    scoring,
)
from quantgate.pipelines.graph.candidates import Basis, Collections, try_candidates
from quantgate.pipelines.graph.datasets import (
    build_calibration_set,
    build_evaluation_set,
    build_search_set,
)
from quantgate.pipelines.graph.inputs import Inputs, bring_code
from quantgate.pipelines.graph.measuring import (
    add_benchmark,
    add_evaluation,
    first_samples,
    stopping_early,
    terms,
)
from quantgate.pipelines.graph.placement import place
from quantgate.pipelines.graph.resources import Channel, runtime
from quantgate.planning import tasks
from quantgate.planning.extras import extras_of
from quantgate.planning.plan import Plan


class Outputs(NamedTuple):
    """The outputs of the pipeline."""

    decision: Artifact
    report: Markdown
    page: HTML
    winner: Model
    compiled: Artifact
    qualified: bool


@dataclass(frozen=True)
class _Measured:
    """The tasks whose outputs the gate reads.

    Attributes:
        baseline: makes the float model.
        evaluation: builds the evaluation set.
        baseline_measurement: evaluates the float model.
        comparison: compares it with its source, None for a .tflite.
        representative: builds the calibration set, or None.
        labelled: builds the samples that recovery and the search choose by, or None.
        ranges: the output with the ranges to show, by the gate's input.
        candidates: the collected candidates.
        latency: the output of the benchmark, or None.
    """

    baseline: PipelineTask
    evaluation: PipelineTask
    baseline_measurement: PipelineTask
    comparison: PipelineTask | None
    representative: PipelineTask | None
    labelled: PipelineTask | None
    ranges: dict[str, Channel]
    candidates: Collections
    latency: Channel | None


def build_graph(plan: Plan, inputs: Inputs, spec_sha256: str) -> Outputs:
    """Connect the components. Has to be called inside a `@dsl.pipeline` function."""
    if plan.spec.model.keras:
        inputs = replace(inputs, model=export(inputs.model))
    if plan.spec.code:
        inputs = replace(inputs, code=bring_code(plan.spec.code))
    decision = _gate(plan, _measure(plan, inputs), spec_sha256)
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


def _measure(plan: Plan, inputs: Inputs) -> _Measured:
    baseline = add_baseline(plan, inputs.model)
    evaluation = build_evaluation_set(plan, inputs, baseline)
    baseline_measurement = add_evaluation(
        plan, inputs, baseline.outputs["baseline"], baseline, evaluation
    )
    baseline_measurement.set_display_name(tasks.EVALUATE_BASELINE)
    comparison = add_comparison(plan, inputs.model, baseline, evaluation)
    representative = (
        build_calibration_set(plan, inputs, baseline) if plan.calibration_data else None
    )
    calibration = add_calibration(plan, baseline, representative)
    ranges = add_ranges(plan, baseline, representative)
    stopping = stopping_early(plan, baseline_measurement)
    searching = plan.search_data
    labelled = build_search_set(plan, searching, inputs, baseline) if searching else None
    scorer = scoring(plan, inputs, labelled)
    recovery = add_recovery(plan, baseline, ranges, scorer)
    search = add_search(plan, baseline, representative, ranges, scorer)
    basis = Basis(baseline, evaluation, calibration, ranges, recovery, search, stopping)
    candidates = try_candidates(plan, inputs, basis)
    compared = [comparison] if comparison else []
    others = (baseline_measurement, *compared, candidates.evidence)
    latency = add_benchmark(plan, baseline, evaluation, candidates.models, after=others)
    return _Measured(
        baseline,
        evaluation,
        baseline_measurement,
        comparison,
        representative,
        labelled,
        _ranges(calibration, ranges),
        candidates,
        latency,
    )


def _gate(plan: Plan, measured: _Measured, spec_sha256: str) -> PipelineTask:
    baseline, evaluation, candidates = measured.baseline, measured.evaluation, measured.candidates
    representative, comparison = measured.representative, measured.comparison
    decision = gate(
        facts=baseline.outputs["facts"],
        baseline=measured.baseline_measurement.outputs["measurement"],
        evidence=candidates.evidence.outputs["collected"],
        models=candidates.models.outputs["collected"],
        name=plan.spec.name,
        spec_sha256=spec_sha256,
        allow_random=plan.spec.data.allow_random,
        doubtful=plan.spec.gate.doubtful,
        family=plan.spec.gate.family,
        evaluation=evaluation.outputs["summary"],
        extras=extras_of(plan),
        show_samples=plan.spec.measure.show_samples,
        **terms(plan),
        **({"code_sha256": plan.spec.code.sha256} if plan.spec.code else {}),
        **({"latency": measured.latency} if measured.latency else {}),
        **({"comparison": comparison.outputs["comparison"]} if comparison else {}),
        **measured.ranges,
        **({"rank_recovered": recover.when} if (recover := plan.spec.quantize.recover) else {}),
        **({"search": measured.labelled.outputs["summary"]} if measured.labelled else {}),
        **({"calibration": representative.outputs["summary"]} if representative else {}),
        baseline_model=baseline.outputs["baseline"],
        keep_baseline=plan.spec.keeps_baseline,
        dataset=(
            representative.outputs["dataset"] if representative else first_samples(plan, evaluation)
        ),
        **_shown(plan, representative, evaluation),
    )
    runtime(decision, tasks.GATE)
    return decision


def _shown(
    plan: Plan, representative: PipelineTask | None, evaluation: PipelineTask
) -> dict[str, Channel]:
    """Return the samples to show, if the gate's data set has not all of them."""
    has_all = representative is None and plan.data_shards == 1
    if has_all or not plan.spec.measure.show_samples:
        return {}
    origins = {"origins": evaluation.outputs["origins"]} if plan.data_shards > 1 else {}
    return {"samples": evaluation.outputs["dataset"], **origins}


def _ranges(calibration: dict[str, Channel], ranges: dict[str, Channel]) -> dict[str, Channel]:
    """Return the ranges to show. Those of the converter are shown if there are two."""
    if calibration:
        return {"calibrated": calibration["calibrated"]}
    return {"ranges": ranges["ranges"]} if ranges else {}


def _promote(plan: Plan, decision: PipelineTask, to: Channel) -> None:
    compiled = {"compiled": decision.outputs["compiled"]} if plan.spec.measure.targets else {}
    task = promote(
        decision=decision.outputs["decision"],
        winner=decision.outputs["winner"],
        to=to,
        **compiled,
    )
    runtime(task, tasks.PROMOTE).set_caching_options(False)
