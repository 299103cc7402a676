"""The graph as a task of another pipeline."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, TypeVar

from kfp import dsl
from kfp.dsl import Dataset, Input, Model
from kfp.dsl.base_component import BaseComponent
from kfp.dsl.pipeline_channel import PipelineParameterChannel
from kfp.dsl.pipeline_context import Pipeline
from kfp.dsl.pipeline_task import PipelineTask

from quantgate import __version__
from quantgate.errors import UsageError
from quantgate.pipelines.graph.build import Outputs, build_graph
from quantgate.pipelines.graph.inputs import Inputs, Source, import_source, list_files
from quantgate.pipelines.graph.labels import make_labels_unique
from quantgate.pipelines.graph.resources import Channel
from quantgate.planning import tasks
from quantgate.planning.plan import Plan, run_parameters
from quantgate.planning.planner import make_plan
from quantgate.spec import load
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import declared_format
from quantgate.spec.model.spec import Spec

_MODEL, _PROMOTE_TO = "model", "promote_to"
_Source = TypeVar("_Source", bound=DataSource)


def quantize_and_gate(spec: str | Path, overrides: Sequence[str] = ()) -> "QuantizeAndGate":
    """Make a component from a spec. Call it inside a `@dsl.pipeline` function.

    Args:
        spec: the spec's file.
        overrides: values to set, such as `gate.top1.max_drop=0.02`.

    Raises:
        UsageError: there is no such file, or an override is malformed.
        SpecError: the spec is invalid. The error has all problems.
    """
    loaded = load(Path(spec), overrides)
    return QuantizeAndGate(make_plan(_with_formats(loaded.spec)), loaded.sha256)


@dataclass(frozen=True)
class QuantizeAndGate:
    """A spec as a component."""

    plan: Plan
    spec_sha256: str

    def __call__(self, **given: Channel) -> PipelineTask:
        """Add a task that quantizes, measures and gates, with the whole graph inside.

        Args:
            given: `model`, and if the spec needs them `calibration`, `evaluation` and
                `promote_to`. Data of single signatures is `calibration_<key>` and
                `evaluation_<key>`. Model and data are artifacts of other tasks, or URIs, as text
                or as a parameter. One artifact may serve as several data sets. Inputs that the
                spec gives as URIs are optional.

        Returns:
            The task. Its outputs are `winner` (the .tflite, empty if nothing qualified),
            `qualified` (a bool), `decision`, `report` and `page`.

        Raises:
            UsageError: an input is missing or unknown, or serves as both model and data.
        """
        locations = run_parameters(self.plan)
        _check(self.plan, locations, given)
        inputs = _inputs_of(given)
        with _outside_of_any_pipeline():
            component = _component(self, {**_uris(locations), **given}, inputs)
        make_labels_unique(component, f"{self.plan.spec.name}-{self.spec_sha256[:8]}")
        return component(**{name: given[name] for name in inputs.values()})


def _with_formats(spec: Spec) -> Spec:
    """Write down the formats that file names imply. Artifacts have other names."""
    data, calibration, evaluation = spec.data, spec.data.calibration, spec.data.evaluation
    named: dict[str, Any] = {
        "evaluation": _named(evaluation, {k: _named(v) for k, v in evaluation.signatures.items()})
    }
    if calibration:
        own = {key: _named(samples) for key, samples in calibration.signatures.items()}
        named["calibration"] = _named(calibration, own)
    if data.search:
        named["search"] = _named(data.search)
    return spec.model_copy(update={"data": data.model_copy(update=named)})


def _named(samples: _Source, signatures: Mapping[str, DataSource] | None = None) -> _Source:
    update: dict[str, Any] = {"format": declared_format(samples)}
    if signatures:
        update["signatures"] = signatures
    return samples.model_copy(update=update)


def _uris(locations: Mapping[str, str]) -> dict[str, str]:
    return {name: location for name, location in locations.items() if "://" in location}


def _check(plan: Plan, locations: Mapping[str, str], given: Mapping[str, Channel]) -> None:
    problems = [f"it takes no `{key}`" for key in given if key not in locations]
    problems += [
        f"`{key}` is missing: {location} in the spec is a path of one machine. Pass it, or "
        "give a URI in the spec"
        for key, location in locations.items()
        if key not in given and "://" not in location
    ]
    evaluated = plan.evaluation_data[0].parameter if plan.data_shards > 1 else None
    problems += [
        f"`{key}` has `shards`, which read a URI. Pass its URI instead of an artifact"
        for key, channel in given.items()
        if key == evaluated and not _is_uri(channel)
    ]
    inputs = _inputs_of(given)
    problems += [
        f"`{name}` and `{key}` are one artifact. Pass a different one for each"
        for key, name in inputs.items()
        if key != name and _MODEL in (key, name)
    ]
    if problems:
        takes = ", ".join(f"`{key}`" for key in locations)
        raise UsageError(
            f"quantize_and_gate of {plan.spec.name}: {'; '.join(problems)} (it takes {takes})"
        )


def _inputs_of(given: Mapping[str, Channel]) -> dict[str, str]:
    """Return the input from which each name is read.

    KFP's store takes an artifact only once as input of a task. So an artifact with several names
    becomes one input, under the first of them.
    """
    first: dict[str, str] = {}
    return {
        name: first.setdefault(name if _is_uri(channel) else channel.pattern, name)
        for name, channel in given.items()
    }


@contextmanager
def _outside_of_any_pipeline() -> Iterator[None]:
    """Allow a pipeline to be built while another one is built, which kfp does not support."""
    around = Pipeline.get_default_pipeline()
    Pipeline._default_pipeline = None
    try:
        yield
    finally:
        Pipeline._default_pipeline = around


def _component(
    made_of: QuantizeAndGate, sources: Mapping[str, Channel], inputs: Mapping[str, str]
) -> BaseComponent:
    plan = made_of.plan
    taken = {name: sources[name] for name in inputs.values()}
    imports = {_MODEL: tasks.IMPORT_MODEL, **tasks.data_imports(plan)}
    listed = [name for name in plan.listed if _is_uri(sources[name])]

    def pipeline(*channels: Channel) -> Outputs:
        inside = dict(zip(taken, channels, strict=True))
        handed = {**sources, **{name: inside[key] for name, key in inputs.items()}}
        given = {
            name: _source(name, key, handed[name], sources[name]) for name, key in imports.items()
        }
        given |= {name: Source(handed[name]) for name in plan.listed if name not in listed}
        model = given.pop(_MODEL)
        listings = {name: list_files(handed[name], name) for name in listed}
        feeding = Inputs(model, given, listings, handed.get(_PROMOTE_TO))
        return build_graph(plan, feeding, made_of.spec_sha256)

    pipeline.__signature__ = _signature(taken)  # type: ignore[attr-defined]
    decorate: Callable[[Any], BaseComponent] = dsl.pipeline(
        name=plan.spec.name,
        description=f"Quantize, measure and gate {plan.spec.name} "
        f"(quantgate {__version__}, {plan.extent}).",
    )
    return decorate(pipeline)


def _source(name: str, key: str, channel: Channel, source: Channel) -> Source:
    """Return an artifact of another task unchanged, and import one that has a URI."""
    if not _is_uri(source):
        return Source(channel)
    return import_source(channel, _class_of(name), key)


def _signature(given: Mapping[str, Channel]) -> Signature:
    return Signature(
        [
            Parameter(name, Parameter.KEYWORD_ONLY, annotation=_annotation(name, channel))
            for name, channel in given.items()
        ],
        return_annotation=Outputs,
    )


def _annotation(name: str, channel: Channel) -> Any:
    if name == _PROMOTE_TO or _is_uri(channel):
        return str
    return Input[_class_of(name)]


def _class_of(name: str) -> Any:
    return Model if name == _MODEL else Dataset


def _is_uri(channel: Channel) -> bool:
    return isinstance(channel, (str, PipelineParameterChannel))
