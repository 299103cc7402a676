"""The plan of a spec: candidates, data and run parameters."""

from dataclasses import dataclass, replace
from typing import Any

from quantgate.domain.batch import AS_EXPORTED, ONE_IF_FREE
from quantgate.domain.hardware import HARDWARE
from quantgate.domain.recipes import DIAGONAL, MATRIX, MomentsForm
from quantgate.domain.recovery import TechniqueName, techniques_for
from quantgate.domain.search import default_bits
from quantgate.domain.targets import TARGETS
from quantgate.planning.candidates import (
    Calibration,
    Loop,
    ModePlan,
    PlannedCandidate,
    key_of,
)
from quantgate.planning.data import (
    SearchData,
    SignatureData,
    by_signature,
    has_chosen_parts,
    search_data_of,
)
from quantgate.planning.early_stopping import obstacle, wants_to_stop
from quantgate.spec.model.formats import with_classes
from quantgate.spec.model.spec import Spec

#: Maximum number of items. Tasks after a loop get all its results in one argument of 128 KiB.
MOST_IN_A_LOOP = 40


@dataclass(frozen=True)
class Plan:
    """The plan that the pipeline's graph is built from.

    Attributes:
        spec: the spec.
        branch: the branch taken in LiteRT's decision tree, None for modes by name.
        modes: all eight modes in the order of LiteRT's guide, the baseline first.
        candidates: the candidates in the order of the graph, those of modes first.
        recipes: all recipes, empty if the spec wants none.
    """

    spec: Spec
    branch: str | None
    modes: tuple[ModePlan, ...]
    candidates: tuple[PlannedCandidate, ...]
    recipes: tuple[ModePlan, ...] = ()

    @property
    def calibrated(self) -> bool:
        """True if any candidate needs representative data."""
        return self.calibrates_modes or self.records_ranges or bool(self.searched)

    @property
    def calibrates_modes(self) -> bool:
        """True if a mode of the converter needs representative data."""
        return any(each.calibrated for each in self.candidates if not each.is_recipe)

    @property
    def records_ranges(self) -> bool:
        """True if a recipe needs the ranges of activations."""
        return any(each.calibrated for each in self.candidates if each.is_recipe)

    @property
    def moments(self) -> MomentsForm | None:
        """The second moments of layers' inputs that recipes need."""
        needed = {each.moments for each in self.candidates}
        return next((moments for moments in (MATRIX, DIAGONAL) if moments in needed), None)

    @property
    def recovered(self) -> tuple[PlannedCandidate, ...]:
        """The candidates whose float model is edited."""
        return tuple(candidate for candidate in self.candidates if candidate.recovers)

    @property
    def searched(self) -> tuple[PlannedCandidate, ...]:
        """The candidates that the search fills."""
        return tuple(candidate for candidate in self.candidates if candidate.is_searched)

    @property
    def bits(self) -> list[int]:
        """The bits that layers of searched candidates can have."""
        settings = self.spec.quantize.search
        given = settings.bits if settings else None
        return sorted(set(given or default_bits(self.spec.quantize.target)))

    @property
    def techniques(self) -> list[TechniqueName]:
        """The techniques of recovery that the targets can use."""
        settings = self.spec.quantize.recover
        measured = (entry.target for entry in self.spec.measure.targets)
        targets = {self.spec.quantize.target, *measured}
        return techniques_for(settings.techniques, targets) if settings else []

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """The distinct calibration settings. The first is the default and has the empty key."""
        calibrations = (candidate.calibration for candidate in self.candidates)
        return tuple(dict.fromkeys(calibration for calibration in calibrations if calibration))

    @property
    def items(self) -> list[dict[str, Any]]:
        """The loop items, one for each candidate."""
        return [item for loop in self.loops for item in loop.items]

    @property
    def loops(self) -> list[Loop]:
        """The loops of the pipeline: of modes, recipes, recovered and searched candidates.

        The slowest candidates of a loop are its first items, so that none of them runs alone.
        """
        by_kind: dict[tuple[bool, bool, bool], list[PlannedCandidate]] = {
            kind: []
            for kind in (
                (False, False, False),
                (True, False, False),
                (True, True, False),
                (True, False, True),
            )
        }
        for each in self.candidates:
            by_kind[each.is_recipe, bool(each.recovers), each.is_searched].append(each)
        return [
            Loop(self._items_of(group[start : start + MOST_IN_A_LOOP]), *kind)
            for kind, group in by_kind.items()
            for start in range(0, len(group), MOST_IN_A_LOOP)
        ]

    def _items_of(self, candidates: list[PlannedCandidate]) -> list[dict[str, Any]]:
        keys = {calibration: key_of(calibration) for calibration in self.calibrations[1:]}
        return [
            each.as_parameter(keys.get(each.calibration, ""))
            for each in sorted(candidates, key=_is_fast)
        ]

    @property
    def batch(self) -> str:
        """The batch size of the converted models. By default, embedded targets get one sample."""
        if self.spec.model.batch is not None:
            return str(self.spec.model.batch)
        is_converted = self.spec.model.tflite is None
        return ONE_IF_FREE if is_converted and self._is_embedded else AS_EXPORTED

    @property
    def _is_embedded(self) -> bool:
        measured = any(TARGETS[entry.target].embedded for entry in self.spec.measure.targets)
        return measured or HARDWARE[self.spec.quantize.target].embedded

    @property
    def timed(self) -> str:
        """The signature whose latency is measured."""
        latency, converted = self.spec.measure.latency, self.spec.model.signatures
        return (latency and latency.signature) or converted[0]

    @property
    def calibration_data(self) -> tuple[SignatureData, ...]:
        """The calibration data of each signature, empty if no candidate calibrates."""
        data = self.spec.data.calibration
        if not self.calibrated or data is None:
            return ()
        labelled = self.spec.data.evaluation
        return tuple(
            replace(each, data=with_classes(each.data, labelled.of(each.signature)))
            for each in by_signature("calibration", data, self.spec.model.signatures)
        )

    @property
    def evaluation_data(self) -> tuple[SignatureData, ...]:
        """The evaluation data of each signature that is measured."""
        converted, measure = self.spec.model.signatures, self.spec.measure
        measured = {metric.signature or converted[0] for metric in measure.metrics}
        if measure.latency:
            measured.add(self.timed)
        wanted = [key for key in converted if key in measured]
        return by_signature("evaluation", self.spec.data.evaluation, wanted)

    @property
    def data_shards(self) -> int:
        """The number of tasks that build the evaluation set."""
        return self.spec.data.evaluation.shards or 1

    @property
    def listed(self) -> tuple[str, ...]:
        """The run parameters of sources that no task downloads whole, without repetition."""
        if self.data_shards == 1:
            return ()
        evaluated, *selected = self.data
        parameters = [each.parameter for each in selected if has_chosen_parts(each.data)]
        return tuple(dict.fromkeys([evaluated.parameter, *parameters]))

    @property
    def search_data(self) -> SearchData | None:
        """The labelled samples that recovery and the search choose by, if there are any."""
        chooses = self.recovered or self.searched
        return search_data_of(self.spec) if chooses else None

    @property
    def data(self) -> tuple[SignatureData, ...]:
        """All sources of samples."""
        search = self.search_data
        others = (search.samples,) if search else ()
        return (*self.evaluation_data, *self.calibration_data, *others)

    def fields_of(self, signature: str) -> dict[str, list[str]]:
        """Return the extra arrays that metrics of a signature need, besides inputs and labels.

        Returns:
            Key of the array -> the slices that limits name.
        """
        slices: dict[str, list[str]] = {}
        for metric in self.spec.measure.metrics:
            if signature == (metric.signature or self.spec.model.signatures[0]):
                limit = self.spec.gate.limits.get(metric.title)
                for key in metric.fields.values():
                    named = sorted(limit.slices or ()) if limit and key == metric.slice else []
                    slices[key] = sorted({*slices.get(key, []), *named})
        return slices

    @property
    def stops_early(self) -> bool:
        """True if evaluations of candidates stop early."""
        return wants_to_stop(self.spec) and obstacle(self.spec) is None

    @property
    def extent(self) -> str:
        """The number of candidates in words."""
        count = len(self.candidates)
        return "1 candidate" if count == 1 else f"{count} candidates"


def _is_fast(candidate: PlannedCandidate) -> bool:
    """Return whether a candidate may start late. 16-bit activations have only slow kernels."""
    return candidate.mode.activations != "int16"


def run_parameters(plan: Plan) -> dict[str, str]:
    """Return the run parameters of a plan's pipeline, with the locations in the spec."""
    spec = plan.spec
    locations = {"model": spec.model.location}
    sources = [*plan.calibration_data, *plan.data]
    locations |= {each.parameter: each.data.source for each in sources if each.parameter}
    if spec.promote:
        locations["promote_to"] = spec.promote.to
    return locations
