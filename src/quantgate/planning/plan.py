"""A plan: the candidates that are tried, the samples they take, the parameters of a run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quantgate.domain.modes import Mode
from quantgate.planning.early_stopping import obstacle, wants_to_stop
from quantgate.spec.model.data import (
    CalibrationData,
    CalibrationSamples,
    EvaluationData,
    EvaluationSamples,
)
from quantgate.spec.model.formats import has_location
from quantgate.spec.model.spec import Spec

#: The tasks behind a loop take what its iterations made in one argument, which holds 128 KiB.
MOST_IN_A_LOOP = 40


@dataclass(frozen=True)
class CalibrationSettings:
    """Which samples a candidate calibrates on: how many, how chosen, with which seed."""

    samples: int
    select: str
    seed: int

    @property
    def key(self) -> str:
        """What data sets and calibrated models call these settings."""
        return f"{self.select}-{self.samples}-{self.seed}"


#: One for each signature, in the spec's order.
Calibration = tuple[CalibrationSettings, ...]


def key_of(calibration: Calibration) -> str:
    """What data sets and calibrated models call a calibration."""
    return "+".join(dict.fromkeys(settings.key for settings in calibration))


@dataclass(frozen=True)
class SignatureData:
    """Where the samples of one signature come from.

    Attributes:
        signature: its key.
        data: what the spec says of them.
        parameter: the run parameter that says where they lie; empty where they lie nowhere.
    """

    signature: str
    data: CalibrationSamples | EvaluationSamples
    parameter: str


@dataclass(frozen=True)
class PlannedCandidate:
    """A candidate with every option settled.

    Attributes:
        name: unique in the plan.
        mode: the row of the guide's table.
        input_type: a dtype.
        output_type: likewise.
        options: those that differ from the mode's own way, by name.
        calibration: which samples it calibrates on, empty where its mode needs none.
    """

    name: str
    mode: Mode
    input_type: str
    output_type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    calibration: Calibration = ()

    def as_parameter(self, variant: str = "") -> dict[str, Any]:
        """The loop item that the pipeline carries; KFP does not compile a key called `name`.

        `variant` is the key of its samples, empty for those that all share.
        """
        return {
            "candidate": self.name,
            "mode": self.mode.name,
            "input_type": self.input_type,
            "output_type": self.output_type,
            **self.options,
            **({"calibration": variant} if variant else {}),
        }


@dataclass(frozen=True)
class ModePlan:
    """Whether a mode is in, and the sentence that says why."""

    mode: Mode
    included: bool
    reason: str


@dataclass(frozen=True)
class Plan:
    """Everything that the graph is built from.

    Attributes:
        spec: the spec that was planned.
        branch: the branch of the guide's decision tree that decided; None for modes by name.
        modes: all eight modes in the guide's order, the baseline first.
        candidates: what will be quantized, in the order of the graph.
    """

    spec: Spec
    branch: str | None
    modes: tuple[ModePlan, ...]
    candidates: tuple[PlannedCandidate, ...]

    @property
    def calibrated(self) -> bool:
        """Whether any candidate needs representative data."""
        return any(candidate.mode.calibrated for candidate in self.candidates)

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """The distinct calibration settings. The first is the default and has the empty key."""
        found = (candidate.calibration for candidate in self.candidates)
        return tuple(dict.fromkeys(calibration for calibration in found if calibration))

    @property
    def items(self) -> list[dict[str, Any]]:
        """The loop items, one a candidate."""
        keys = {calibration: key_of(calibration) for calibration in self.calibrations[1:]}
        return [
            candidate.as_parameter(keys.get(candidate.calibration, ""))
            for candidate in self.candidates
        ]

    @property
    def loops(self) -> list[list[dict[str, Any]]]:
        """The items of each of the pipeline's loops; a further candidate changes the last only."""
        starts = range(0, len(self.items), MOST_IN_A_LOOP)
        return [self.items[start : start + MOST_IN_A_LOOP] for start in starts]

    @property
    def timed(self) -> str:
        """The signature whose latency is measured."""
        latency, converted = self.spec.measure.latency, self.spec.model.signatures
        return (latency and latency.signature) or converted[0]

    @property
    def calibration_data(self) -> tuple[SignatureData, ...]:
        """What each signature calibrates on; nothing where no candidate does."""
        data = self.spec.data.calibration
        if not self.calibrated or data is None:
            return ()
        return _by_signature("calibration", data, self.spec.model.signatures)

    @property
    def evaluation_data(self) -> tuple[SignatureData, ...]:
        """Samples of the signatures that are measured on some."""
        converted, measure = self.spec.model.signatures, self.spec.measure
        measured = {metric.signature or converted[0] for metric in measure.metrics}
        if measure.latency:
            measured.add(self.timed)
        wanted = [key for key in converted if key in measured]
        return _by_signature("evaluation", self.spec.data.evaluation, wanted)

    def fields_of(self, signature: str) -> dict[str, list[str]]:
        """What metrics of a signature want of its data beside inputs and label.

        By key, with the values that limits name.
        """
        found: dict[str, list[str]] = {}
        for metric in self.spec.measure.metrics:
            if signature == (metric.signature or self.spec.model.signatures[0]):
                limit = self.spec.gate.get(metric.title)
                for key in metric.fields.values():
                    named = sorted(limit.slices or ()) if limit and key == metric.slice else []
                    found[key] = sorted({*found.get(key, []), *named})
        return found

    @property
    def stops_early(self) -> bool:
        """Whether evaluations of candidates stop once they are decided."""
        return wants_to_stop(self.spec) and obstacle(self.spec) is None

    @property
    def extent(self) -> str:
        """How much will be tried, for a person."""
        count = len(self.candidates)
        return "1 candidate" if count == 1 else f"{count} candidates"


def run_parameters(plan: Plan) -> dict[str, str]:
    """Name the run parameters of a plan's pipeline, each with its location as the spec gives it."""
    spec = plan.spec
    locations = {"model": spec.model.location}
    for found in (*plan.calibration_data, *plan.evaluation_data):
        if found.parameter:
            locations[found.parameter] = found.data.source
    if spec.promote:
        locations["promote_to"] = spec.promote.to
    return locations


def as_task_key(parameter: str) -> str:
    """Return a run parameter's name as kfp writes keys of tasks."""
    return re.sub("[^a-z0-9]+", "-", parameter.lower()).strip("-")


def _by_signature(
    purpose: str, data: CalibrationData | EvaluationData, signatures: Sequence[str]
) -> tuple[SignatureData, ...]:
    names = {key: f"{purpose}_{re.sub('[^A-Za-z0-9]', '_', key)}" for key in data.signatures}
    if len(set(map(as_task_key, names.values()))) < len(names):
        names = {key: f"{purpose}_{place}" for place, key in enumerate(data.signatures, start=1)}
    located = {key: names.get(key, purpose) for key in signatures if has_location(data.of(key))}
    return tuple(SignatureData(key, data.of(key), located.get(key, "")) for key in signatures)
