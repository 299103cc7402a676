"""Spec -> Plan: which candidates are tried, and for every mode why it is in or out.

`modes: auto` follows the decision tree of LiteRT's guide: what the hardware runs, then whether
there is representative data.
Source: https://ai.google.dev/edge/litert/models/post_training_quantization
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from quantgate.errors import SpecError
from quantgate.modes import BASELINE, MODES, QUANTIZED_MODES, Mode
from quantgate.spec.model import Candidate, Spec


@dataclass(frozen=True)
class PlannedCandidate:
    """A candidate with every option settled; `input_type` and `output_type` are dtypes."""

    name: str
    mode: Mode
    input_type: str
    output_type: str

    def as_parameter(self) -> dict[str, str]:
        """The loop item that the pipeline carries; KFP does not compile a key called `name`."""
        return {
            "candidate": self.name,
            "mode": self.mode.name,
            "input_type": self.input_type,
            "output_type": self.output_type,
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
    def extent(self) -> str:
        """How much will be tried, for a person."""
        count = len(self.candidates)
        return "1 candidate" if count == 1 else f"{count} candidates"


@dataclass(frozen=True)
class _Branch:
    title: str
    runs: tuple[str, ...]
    otherwise: str


_BRANCHES: Mapping[str, _Branch] = MappingProxyType(
    {
        "cpu": _Branch("a CPU runs every mode", tuple(QUANTIZED_MODES), ""),
        "gpu": _Branch(
            "a GPU computes in floating point: float16", ("float16",), "a GPU wants float16"
        ),
        "edge_tpu": _Branch(
            "an Edge TPU runs integer-only models",
            ("integer_only_int8", "integer_only_uint8"),
            "an Edge TPU runs 8-bit integer-only models",
        ),
        "microcontroller": _Branch(
            "microcontrollers run integer-only models",
            ("integer_only_int8", "integer_only_uint8"),
            "a microcontroller wants 8-bit integer-only models",
        ),
    }
)
_NO_DATA = "needs representative data, and the spec has no data.calibration"


def make_plan(spec: Spec) -> Plan:
    """Settle the candidates of a spec that passed its checks.

    Raises:
        SpecError: the target leaves no mode that could be tried.
    """
    if spec.quantize.modes == "auto":
        return _plan_for_target(spec)
    candidates = tuple(_settle(entry) for entry in spec.quantize.modes)
    return Plan(spec, None, _modes_by_name(candidates), candidates)


def run_parameters(plan: Plan) -> dict[str, str]:
    """Name the run parameters of a plan's pipeline, each with its location as the spec gives it."""
    spec = plan.spec
    locations = {"model": spec.model.saved_model}
    if plan.calibrated and spec.data.calibration:
        locations["calibration"] = spec.data.calibration.source
    locations["evaluation"] = spec.data.evaluation.source
    if spec.promote:
        locations["promote_to"] = spec.promote.to
    return locations


def _plan_for_target(spec: Spec) -> Plan:
    target = spec.quantize.target
    branch = _BRANCHES[target]
    has_data = spec.data.calibration is not None
    modes = tuple(_judge(mode, branch, has_data) for mode in QUANTIZED_MODES.values())
    candidates = tuple(_settle(Candidate(mode=plan.mode.name)) for plan in modes if plan.included)
    if not candidates:
        raise SpecError(
            f"quantize.target: {branch.title}, and all of those modes need representative data: "
            "add data.calibration to the spec"
        )
    data = "with" if has_data else "without"
    title = f"target {target}, {data} representative data: {branch.title}"
    return Plan(spec, title, (_baseline_plan(), *modes), candidates)


def _judge(mode: Mode, branch: _Branch, has_data: bool) -> ModePlan:
    if mode.name not in branch.runs:
        return ModePlan(mode, False, f"{branch.otherwise}; to try it all the same, name it")
    if mode.calibrated and not has_data:
        return ModePlan(mode, False, _NO_DATA)
    return ModePlan(mode, True, branch.title)


def _modes_by_name(candidates: tuple[PlannedCandidate, ...]) -> tuple[ModePlan, ...]:
    return (_baseline_plan(), *(_named(mode, candidates) for mode in QUANTIZED_MODES.values()))


def _named(mode: Mode, candidates: tuple[PlannedCandidate, ...]) -> ModePlan:
    names = [candidate.name for candidate in candidates if candidate.mode == mode]
    if not names:
        return ModePlan(mode, False, "not among quantize.modes")
    asked = "asked for in quantize.modes"
    return ModePlan(mode, True, asked if names == [mode.name] else f"{asked}: {', '.join(names)}")


def _baseline_plan() -> ModePlan:
    return ModePlan(BASELINE, True, "the yardstick for every candidate")


def _settle(entry: Candidate) -> PlannedCandidate:
    mode = MODES[entry.mode]
    return PlannedCandidate(
        name=entry.name or mode.name,
        mode=mode,
        input_type=entry.input_type or mode.io_types[0],
        output_type=entry.output_type or mode.io_types[0],
    )
