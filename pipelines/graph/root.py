"""The root pipeline, with URIs of model and data as run parameters."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from inspect import Parameter, Signature
from types import SimpleNamespace
from typing import Any

from kfp import dsl
from kfp.dsl import Dataset, Model, pipeline_task
from kfp.dsl.base_component import BaseComponent

from quantgate import __version__
from quantgate.pipelines.graph.build import Outputs, build_graph
from quantgate.pipelines.graph.inputs import Inputs, import_source, list_files
from quantgate.pipelines.graph.resources import Channel
from quantgate.planning import tasks
from quantgate.planning.plan import Plan, run_parameters


def root_pipeline(plan: Plan, spec_sha256: str) -> BaseComponent:
    """Build the pipeline that is uploaded and run.

    Its run parameters are `model`, and if the plan needs them `evaluation`, `calibration` and
    `promote_to`. Random data and Python functions need none. A URI in the spec is the default of
    its parameter. A local path is not a default, because a cluster cannot read it.
    """
    parameters = run_parameters(plan)

    def pipeline(*uris: Channel) -> Outputs:
        given = dict(zip(parameters, uris, strict=True))
        return build_graph(plan, _import_artifacts(plan, given), spec_sha256)

    pipeline.__signature__ = _signature(parameters)  # type: ignore[attr-defined]
    decorate: Callable[[Any], BaseComponent] = dsl.pipeline(
        name=plan.spec.name,
        description=f"Quantize, measure, gate and promote {plan.spec.name} "
        f"(quantgate {__version__}, {plan.extent}).",
        pipeline_root=plan.spec.cluster.pipeline_root if plan.spec.cluster else None,
    )
    with _without_source_lines():
        return decorate(pipeline)


@contextmanager
def _without_source_lines() -> Iterator[None]:
    """Keep KFP from reading the source of each caller, of which it uses the name.

    It does so for every setting of a task, which takes half of the time of building a graph.
    """
    pipeline_task.inspect = SimpleNamespace(stack=partial(inspect.stack, context=0))
    try:
        yield
    finally:
        pipeline_task.inspect = inspect


def _signature(parameters: dict[str, str]) -> Signature:
    return Signature(
        [
            Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                annotation=str,
                default=location if "://" in location else Parameter.empty,
            )
            for name, location in parameters.items()
        ],
        return_annotation=Outputs,
    )


def _import_artifacts(plan: Plan, given: dict[str, Channel]) -> Inputs:
    return Inputs(
        model=import_source(given["model"], Model, tasks.IMPORT_MODEL),
        sources={
            parameter: import_source(given[parameter], Dataset, key)
            for parameter, key in tasks.data_imports(plan).items()
        },
        listings={name: list_files(given[name], name) for name in plan.listed},
        promote_to=given.get("promote_to"),
    )
