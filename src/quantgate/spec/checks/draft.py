"""The well-formed parts of a spec that may have errors elsewhere."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from quantgate.domain.figures import BENCHMARKED, FIGURES, METRICS
from quantgate.domain.targets import MICROCONTROLLER, TARGET_OF, figures_of
from quantgate.domain.units import unit_of
from quantgate.errors import KeyPath
from quantgate.spec.checks.names import NamedFigures
from quantgate.spec.model.choice import Objective
from quantgate.spec.model.cluster import Cluster
from quantgate.spec.model.code import Code
from quantgate.spec.model.data import CalibrationSamples, EvaluationSamples, SearchSamples
from quantgate.spec.model.formats import PYTHON, declared_format
from quantgate.spec.model.gate import Gate
from quantgate.spec.model.limit import Limit
from quantgate.spec.model.metric import (
    Metric,
    figures_of_metrics,
    figures_on_microcontroller,
    obstacles_on_microcontroller,
)
from quantgate.spec.model.quantize import Candidate
from quantgate.spec.model.recipe import RecipeCandidate
from quantgate.spec.model.recover import Recover
from quantgate.spec.model.search import Search
from quantgate.spec.model.section import Section
from quantgate.spec.model.spec import Evaluation, Latency, ModelSource
from quantgate.spec.model.target import MeasuredTarget

PartT = TypeVar("PartT", bound=Section)
LabelledSource = CalibrationSamples | EvaluationSamples | SearchSamples
_SOURCES: Mapping[tuple[str, str], type[LabelledSource]] = {
    ("data", "calibration"): CalibrationSamples,
    ("data", "evaluation"): EvaluationSamples,
    ("data", "search"): SearchSamples,
}
#: The path of the samples that recovery and the search choose by.
SEARCH_DATA: KeyPath = ("data", "search")


class Draft:
    """The well-formed parts of a document. Sections with errors are None or left out.

    Attributes:
        candidates: entries of `quantize.modes` by path, empty for `auto`.
        recipes: entries of `quantize.recipes` by path, empty for `auto`.
        metrics: entries of `measure.metrics` by path.
        targets: entries of `measure.targets` by path.
        limits: entries of `gate` by metric, None for an entry with errors.
        gate: the section `gate`.
        recover: the section `quantize.recover`.
        search: the section `quantize.search`.
        objectives: entries of `choose` by path.
        weights: the metrics of `choose.weights`.
        model: the section `model`.
        sources: sources of `data.calibration`, `data.evaluation` and `data.search` by path,
            including those of single signatures.
        latency: the section `measure.latency`.
        evaluation: the section `measure.evaluation`.
        cluster: the section `cluster`.
        code: the section `code`.
    """

    def __init__(self, content: Mapping[str, Any], broken: Collection[KeyPath]) -> None:
        self._content = content
        self._broken = broken
        self.model = self._section(ModelSource, "model")
        self.candidates: dict[KeyPath, Candidate] = {
            path: Candidate.model_validate({"mode": entry} if isinstance(entry, str) else entry)
            for path, entry in self._sound_entries("quantize", "modes")
        }
        self.recipes: dict[KeyPath, RecipeCandidate] = {
            path: RecipeCandidate.model_validate(
                {"recipe": entry} if isinstance(entry, str) else entry
            )
            for path, entry in self._sound_entries("quantize", "recipes")
        }
        self.metrics: dict[KeyPath, Metric] = {
            path: Metric.model_validate({"metric": entry} if isinstance(entry, str) else entry)
            for path, entry in self._sound_entries("measure", "metrics")
        }
        self.targets: dict[KeyPath, MeasuredTarget] = {
            path: MeasuredTarget.model_validate(
                {"target": entry} if isinstance(entry, str) else entry
            )
            for path, entry in self._sound_entries("measure", "targets")
        }
        self.objectives: dict[KeyPath, Objective] = {
            path: Objective.model_validate(entry) for path, entry in self._sound_entries("choose")
        }
        self.weights: list[str] = [str(path[-1]) for path, _ in self._entries("choose", "weights")]
        self.sources: dict[KeyPath, LabelledSource] = dict(self._sound_sources())
        self.latency = self._section(Latency, "measure", "latency")
        self.evaluation = self._section(Evaluation, "measure", "evaluation")
        self.cluster = self._section(Cluster, "cluster")
        self.code: Code | None = self._sound_code()
        self.limits: dict[str, Limit | None] = {
            str(path[-1]): Limit.model_validate(entry) if self._is_sound(path) else None
            for path, entry in self._entries("gate")
            if path[-1] not in Gate.model_fields
        }
        self.gate = self._section(Gate, "gate")

        self.recover: Recover | None = self._switch("recover", Recover)
        self.search: Search | None = self._switch("search", Search)

    @property
    def figures(self) -> NamedFigures:
        """The metrics that limits and objectives can name."""
        latency_is_off = self._at("measure", "latency") is None and self._holds(
            "measure", "latency"
        )
        own = figures_of_metrics(self.metrics.values())
        unmeasured = self._unmeasured_metrics() | (set(BENCHMARKED) if latency_is_off else set())
        unmeasured |= self._unmeasured_on_targets()
        obstacles = obstacles_on_microcontroller(self.metrics.values())
        return NamedFigures({**FIGURES, **own}, unmeasured, self._named_by_nothing(own), obstacles)

    @property
    def sliced(self) -> set[str]:
        """Names of the metrics with slices."""
        return {entry.title for entry in self.metrics.values() if entry.slice}

    @property
    def functions(self) -> dict[KeyPath, str]:
        """User functions, as `module:function`, by path."""
        data = {(*path, "source"): source for path, source in self.sources.items()}
        metrics = {(*path, "metric"): entry for path, entry in self.metrics.items()}
        return {
            **{path: d.source for path, d in data.items() if declared_format(d) == PYTHON},
            **{path: entry.metric for path, entry in metrics.items() if entry.is_own},
        }

    @property
    def needs_labels(self) -> bool:
        """True if a metric needs labels, as far as is known."""
        entries = self.metrics.values()
        return not entries or any(entry.needs_label for entry in entries)

    @property
    def tries_nothing(self) -> bool:
        """True if the spec names no mode, recipe or search. Only recipes quantize a .tflite."""
        if self._at("quantize", "search") not in (None, False):
            return False
        modes, recipes = self._at("quantize", "modes"), self._at("quantize", "recipes")
        return recipes == [] if self.reads_tflite else modes == [] and not recipes

    @property
    def asks_to_search(self) -> bool:
        """True if the spec has `quantize.recover` or `quantize.search`, well-formed or not."""
        return any(self._at("quantize", key) not in (None, False) for key in ("recover", "search"))

    @property
    def reads_tflite(self) -> bool:
        """True if the model is a .tflite."""
        return self.model is not None and self.model.key == "tflite"

    @property
    def hardware(self) -> set[str]:
        """The names of the hardware that candidates are for or measured on."""
        measured = {entry.target for entry in self.targets.values()}
        return measured | ({target} if (target := self.text("quantize", "target")) else set())

    @property
    def selects_tf_ops(self) -> bool:
        """True if TensorFlow ops are allowed."""
        return self._at("quantize", "select_tf_ops") is True

    @property
    def lacks_calibration(self) -> bool:
        """True if `data.calibration` is missing rather than misspelt or invalid."""
        broken = [path for path in self._broken if path[:1] == ("data",)]
        return (
            isinstance(self._at("data"), dict)
            and self._at("data", "calibration") is None
            and all(path[:2] == ("data", "evaluation") for path in broken)
        )

    def text(self, *path: str) -> str | None:
        """Return the text at a path, None if there is none."""
        value = self._at(*path)
        return value if isinstance(value, str) else None

    @property
    def units(self) -> dict[KeyPath, str]:
        """The units of limits and tolerances by path, as written in the spec."""
        amounts = [*_values(self._at("gate"), ("gate",)), *_values(self._at("choose"), ("choose",))]
        return {path: unit for path, value in amounts if (unit := unit_of(value))}

    def chooses(self, key: str) -> bool:
        """Return whether `quantize.modes` or `quantize.recipes` is `auto`, also by default."""
        given = self._at("quantize", key)
        if self.reads_tflite:
            return key == "recipes" and given in (None, "auto")
        modes_are_auto = self._at("quantize", "modes") in (None, "auto")
        return given == "auto" or (given is None and modes_are_auto)

    def _section(self, kind: type[PartT], *path: str) -> PartT | None:
        content = self._at(*path)
        is_sound = isinstance(content, dict) and self._is_sound(path)
        return kind.model_validate(content) if is_sound else None

    def _switch(self, key: str, section: type[PartT]) -> PartT | None:
        """Return a section of `quantize` that `true` turns on with its defaults."""
        path = ("quantize", key)
        given = self._at(*path)
        if given in (None, False) or not self._is_sound(path):
            return None
        return section.model_validate({} if given is True else given)

    def _sound_code(self) -> Code | None:
        given = self._at("code")
        if given is None or not self._is_sound(("code",)):
            return None
        return Code.model_validate({"file": given} if isinstance(given, str) else given)

    def _sound_sources(self) -> Iterator[tuple[KeyPath, LabelledSource]]:
        for path, section in _SOURCES.items():
            around = self._at(*path)
            if isinstance(around, dict) and self._is_sound(path):
                own = around.get("signatures", {})
                shared = {key: value for key, value in around.items() if key != "signatures"}
                yield path, section.model_validate(shared)
                for key, entry in own.items():
                    yield (*path, "signatures", key), section.model_validate(entry)

    def _unmeasured_metrics(self) -> frozenset[str]:
        entries = list(self.metrics.values())
        is_known = bool(entries) and self._is_sound(("measure", "metrics"))
        if not is_known or not all(entry.figure for entry in entries):
            return frozenset()
        return frozenset(METRICS) - {entry.title for entry in entries}

    def _unmeasured_on_targets(self) -> set[str]:
        if not self._is_sound(("measure", "targets")):
            return set()
        targets = [entry.target for entry in self.targets.values()]
        is_measured = MICROCONTROLLER.name in targets
        on_targets = set() if is_measured else figures_on_microcontroller(self.metrics.values())
        return (set(TARGET_OF) - figures_of(targets)) | on_targets

    def _named_by_nothing(self, known: Collection[str]) -> frozenset[str]:
        """Return names in entries of `measure.metrics` that are invalid or of unknown metrics."""
        metrics = self._at("measure", "metrics")
        entries = metrics if isinstance(metrics, list) else []
        names = [entry.get("name") for entry in entries if isinstance(entry, dict)]
        return frozenset(name for name in names if isinstance(name, str)) - frozenset(known)

    def _is_sound(self, path: KeyPath) -> bool:
        return not any(
            path[: len(broken)] == broken or broken[: len(path)] == path for broken in self._broken
        )

    def _at(self, *path: str) -> object:
        here: object = self._content
        for key in path:
            here = here.get(key) if isinstance(here, dict) else None
        return here

    def _holds(self, *path: str) -> bool:
        around = self._at(*path[:-1])
        return isinstance(around, dict) and path[-1] in around

    def _entries(self, *path: str) -> Iterator[tuple[KeyPath, object]]:
        here = self._at(*path)
        items = here.items() if isinstance(here, dict) else ()
        return (((*path, key), entry) for key, entry in items)

    def _sound_entries(self, *path: str) -> Iterator[tuple[KeyPath, object]]:
        here = self._at(*path)
        for number, entry in enumerate(here if isinstance(here, list) else ()):
            inner: KeyPath = (*path, number)
            if self._is_sound(inner):
                yield inner, entry


def _values(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    """Yield all scalars below a path with their paths."""
    if isinstance(value, dict):
        parts = [(*path, key) for key in value]
    elif isinstance(value, list):
        parts = [(*path, index) for index in range(len(value))]
    else:
        yield path, value
        return
    for part in parts:
        yield from _values(value[part[-1]], part)
