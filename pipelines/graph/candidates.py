"""The loops over the candidates, and the tasks that collect their outputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kfp import dsl
from kfp.dsl.pipeline_task import PipelineTask

from quantgate.components.collect.component import collect
from quantgate.components.quantize.component import quantize
from quantgate.components.quantize_recipe.component import quantize_recipe
from quantgate.pipelines.graph.inputs import Inputs
from quantgate.pipelines.graph.measuring import add_evaluation, add_targets
from quantgate.pipelines.graph.resources import Channel, conversion, runtime
from quantgate.planning import tasks
from quantgate.planning.candidates import Loop
from quantgate.planning.plan import Plan
from quantgate.planning.sharding import are_by_time


@dataclass(frozen=True)
class Basis:
    """The tasks and inputs on which all candidates depend.

    Attributes:
        baseline: the task that converts the float model.
        evaluation: the task that builds the evaluation set.
        calibration: optional inputs of `quantize`.
        ranges: optional inputs of `quantize_recipe`.
        recovery: the same for recovered candidates.
        search: the same for searched candidates.
        stopping: optional inputs of `evaluate`.
    """

    baseline: PipelineTask
    evaluation: PipelineTask
    calibration: Mapping[str, Channel]
    ranges: Mapping[str, Channel]
    recovery: Mapping[str, Channel]
    search: Mapping[str, Channel]
    stopping: Mapping[str, Any]


@dataclass(frozen=True)
class Collections:
    """The tasks that collect the outputs of all loops so far.

    The benchmark takes only the models. So a new metric or limit does not run it again.

    Attributes:
        models: the task that collects models.
        evidence: the task that collects attestations and measurements.
    """

    models: PipelineTask
    evidence: PipelineTask


@dataclass(frozen=True)
class _Made:
    """The outputs of the tasks in a loop.

    The compiler changes a `dsl.Collected` when it is consumed, so each consumer creates its own.
    """

    quantized: Channel
    attestation: Channel
    measurement: Channel
    targets: Channel | None


def try_candidates(plan: Plan, inputs: Inputs, basis: Basis) -> Collections:
    """Add the loops, each followed by the tasks that collect its outputs."""
    collected: list[Collections] = []
    titles = zip(
        tasks.collecting_titles(tasks.COLLECT_MODELS, plan),
        tasks.collecting_titles(tasks.COLLECT_EVIDENCE, plan),
        strict=True,
    )
    for loop, (models, evidence) in zip(plan.loops, titles, strict=True):
        made, before = _try_each(plan, inputs, basis, loop), collected[-1] if collected else None
        collected.append(
            Collections(
                models=_collect(models, before and before.models, models=made.quantized),
                evidence=_collect(
                    evidence,
                    before and before.evidence,
                    attestations=made.attestation,
                    measurements=made.measurement,
                    targets=made.targets,
                ),
            )
        )
    return collected[-1]


def _try_each(plan: Plan, inputs: Inputs, basis: Basis, loop: Loop) -> _Made:
    baseline, evaluation = basis.baseline, basis.evaluation
    with dsl.ParallelFor(loop.items) as candidate:
        quantized = (
            _quantize_by_recipe(plan, basis, candidate, loop)
            if loop.is_of_recipes
            else _quantize(plan, inputs, basis, candidate)
        )
        model = quantized.outputs["quantized"]
        measured = add_evaluation(plan, inputs, model, baseline, evaluation, basis.stopping)
        targets = add_targets(plan, model, baseline, evaluation)
    return _Made(
        quantized=model,
        attestation=quantized.outputs["attestation"],
        measurement=measured.outputs["measurement"],
        targets=targets,
    )


def _quantize(plan: Plan, inputs: Inputs, basis: Basis, candidate: Channel) -> PipelineTask:
    task = quantize(
        baseline=basis.baseline.outputs["baseline"],
        facts=basis.baseline.outputs["facts"],
        candidate=candidate,
        model=inputs.model.artifact,
        **bounds(plan),
        **_timing(plan),
        **basis.calibration,
    )
    return conversion(task, tasks.QUANTIZE)


def _quantize_by_recipe(plan: Plan, basis: Basis, candidate: Channel, loop: Loop) -> PipelineTask:
    task = quantize_recipe(
        baseline=basis.baseline.outputs["baseline"],
        facts=basis.baseline.outputs["facts"],
        candidate=candidate,
        **bounds(plan),
        **_timing(plan),
        **_origin(basis, loop),
    )
    return runtime(task, tasks.QUANTIZE_RECIPE)


def _timing(plan: Plan) -> dict[str, bool]:
    return {"timed": True} if are_by_time(plan.spec) else {}


def _origin(basis: Basis, loop: Loop) -> Mapping[str, Channel]:
    if loop.is_searched:
        return basis.search
    return basis.recovery if loop.is_recovered else basis.ranges


def _collect(title: str, before: PipelineTask | None, **made: Channel | None) -> PipelineTask:
    lists = {kind: dsl.Collected(channel) for kind, channel in made.items() if channel}
    earlier = {"earlier": before.outputs["collected"]} if before else {}
    return runtime(collect(**lists, **earlier), title)


def bounds(plan: Plan) -> dict[str, Any]:
    """Return the time and memory limits of a conversion, as parameters of its task."""
    settings = plan.spec.quantize
    memory = {"memory_limit": settings.memory_limit} if settings.memory_limit else {}
    return {"timeout_s": settings.timeout_s, **memory}
