"""The well-formed parts of a spec that may have errors elsewhere."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from quantgate.domain.figures import BENCHMARKED, FIGURES, METRICS
from quantgate.domain.targets import MICROCONTROLLER, TARGET_OF, figures_of
from quantgate.domain.units import unit_of
from quantgate.errors import KeyPath
from quantgate.spec.checks.content import Content
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
from quantgate.spec.model.spec import Latency, ModelSource
from quantgate.spec.model.target import MeasuredTarget

LabelledSource = CalibrationSamples | EvaluationSamples | SearchSamples
_SOURCES: Mapping[tuple[str, str], type[LabelledSource]] = {
    ("data", "calibration"): CalibrationSamples,
    ("data", "evaluation"): EvaluationSamples,
    ("data", "search"): SearchSamples,
}
#: The path of the samples that recovery and the search choose by.
SEARCH_DATA: KeyPath = ("data", "search")
#: The path of the samples that accuracy is measured on.
EVALUATION_DATA: KeyPath = ("data", "evaluation")
#: Keys of a source that single signatures do not have.
_OF_ALL_SIGNATURES = frozenset({"signatures", "shards"})


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
        cluster: the section `cluster`.
        code: the section `code`.
    """

    def __init__(self, document: Mapping[str, Any], broken: Collection[KeyPath]) -> None:
        self._content = content = Content(document, broken)
        self.model = content.section(ModelSource, "model")
        self.candidates: dict[KeyPath, Candidate] = {
            path: Candidate.model_validate({"mode": entry} if isinstance(entry, str) else entry)
            for path, entry in content.sound_entries("quantize", "modes")
        }
        self.recipes: dict[KeyPath, RecipeCandidate] = {
            path: RecipeCandidate.model_validate(
                {"recipe": entry} if isinstance(entry, str) else entry
            )
            for path, entry in content.sound_entries("quantize", "recipes")
        }
        self.metrics: dict[KeyPath, Metric] = {
            path: Metric.model_validate({"metric": entry} if isinstance(entry, str) else entry)
            for path, entry in content.sound_entries("measure", "metrics")
        }
        self.targets: dict[KeyPath, MeasuredTarget] = {
            path: MeasuredTarget.model_validate(
                {"target": entry} if isinstance(entry, str) else entry
            )
            for path, entry in content.sound_entries("measure", "targets")
        }
        self.objectives: dict[KeyPath, Objective] = {
            path: Objective.model_validate(entry) for path, entry in content.sound_entries("choose")
        }
        self.weights: list[str] = [
            str(path[-1]) for path, _ in content.entries("choose", "weights")
        ]
        self.sources: dict[KeyPath, LabelledSource] = dict(self._sound_sources())
        self.latency = content.section(Latency, "measure", "latency")
        self.cluster = content.section(Cluster, "cluster")
        self.code: Code | None = self._sound_code()
        self.limits: dict[str, Limit | None] = {
            str(path[-1]): Limit.model_validate(entry) if content.is_sound(path) else None
            for path, entry in content.entries("gate")
            if path[-1] not in Gate.model_fields
        }
        self.gate = content.section(Gate, "gate")
        self.recover: Recover | None = content.switch("recover", Recover)
        self.search: Search | None = content.switch("search", Search)

    @property
    def figures(self) -> NamedFigures:
        """The metrics that limits and objectives can name."""
        latency_is_off = self._content.at("measure", "latency") is None and self._content.holds(
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
        if self._content.at("quantize", "search") not in (None, False):
            return False
        modes = self._content.at("quantize", "modes")
        recipes = self._content.at("quantize", "recipes")
        return recipes == [] if self.reads_tflite else modes == [] and not recipes

    @property
    def asks_to_search(self) -> bool:
        """True if the spec has `quantize.recover` or `quantize.search`, well-formed or not."""
        asked = (self._content.at("quantize", key) for key in ("recover", "search"))
        return any(value not in (None, False) for value in asked)

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
    def converter_options(self) -> list[str]:
        """The keys of `quantize` that only TensorFlow's converter takes, if they are set."""
        selects_tf_ops = self._content.at("quantize", "select_tf_ops") is True
        names_calibrator = self._content.at("quantize", "calibrator") is not None
        return ["select_tf_ops"] * selects_tf_ops + ["calibrator"] * names_calibrator

    @property
    def lacks_calibration(self) -> bool:
        """True if `data.calibration` is missing rather than misspelt or invalid."""
        broken = self._content.broken_in("data")
        return (
            isinstance(self._content.at("data"), dict)
            and self._content.at("data", "calibration") is None
            and all(path[:2] == ("data", "evaluation") for path in broken)
        )

    def text(self, *path: str) -> str | None:
        """Return the text at a path, None if there is none."""
        value = self._content.at(*path)
        return value if isinstance(value, str) else None

    @property
    def units(self) -> dict[KeyPath, str]:
        """The units of limits and tolerances by path, as written in the spec."""
        amounts = [*self._content.values("gate"), *self._content.values("choose")]
        return {path: unit for path, value in amounts if (unit := unit_of(value))}

    def chooses(self, key: str) -> bool:
        """Return whether `quantize.modes` or `quantize.recipes` is `auto`, also by default."""
        given = self._content.at("quantize", key)
        if self.reads_tflite:
            return key == "recipes" and given in (None, "auto")
        modes_are_auto = self._content.at("quantize", "modes") in (None, "auto")
        return given == "auto" or (given is None and modes_are_auto)

    @property
    def data_shards(self) -> int:
        """The number of tasks that build the evaluation set."""
        path = ("data", "evaluation", "shards")
        given = self._content.at(*path) if self._content.is_sound(path) else None
        return given if isinstance(given, int) else 1

    def _sound_code(self) -> Code | None:
        given = self._content.at("code")
        if given is None or not self._content.is_sound(("code",)):
            return None
        return Code.model_validate({"file": given} if isinstance(given, str) else given)

    def _sound_sources(self) -> Iterator[tuple[KeyPath, LabelledSource]]:
        for path, section in _SOURCES.items():
            around = self._content.at(*path)
            if isinstance(around, dict) and self._content.is_sound(path):
                own = around.get("signatures", {})
                shared = {
                    key: value for key, value in around.items() if key not in _OF_ALL_SIGNATURES
                }
                yield path, section.model_validate(shared)
                for key, entry in own.items():
                    yield (*path, "signatures", key), section.model_validate(entry)

    def _unmeasured_metrics(self) -> frozenset[str]:
        entries = list(self.metrics.values())
        is_known = bool(entries) and self._content.is_sound(("measure", "metrics"))
        if not is_known or not all(entry.figure for entry in entries):
            return frozenset()
        return frozenset(METRICS) - {entry.title for entry in entries}

    def _unmeasured_on_targets(self) -> set[str]:
        if not self._content.is_sound(("measure", "targets")):
            return set()
        targets = [entry.target for entry in self.targets.values()]
        is_measured = MICROCONTROLLER.name in targets
        on_targets = set() if is_measured else figures_on_microcontroller(self.metrics.values())
        return (set(TARGET_OF) - figures_of(targets)) | on_targets

    def _named_by_nothing(self, known: Collection[str]) -> frozenset[str]:
        """Return names in entries of `measure.metrics` that are invalid or of unknown metrics."""
        metrics = self._content.at("measure", "metrics")
        entries = metrics if isinstance(metrics, list) else []
        names = [entry.get("name") for entry in entries if isinstance(entry, dict)]
        return frozenset(name for name in names if isinstance(name, str)) - frozenset(known)
