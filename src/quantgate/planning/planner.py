"""Planning of a spec: the candidates to try, and for each mode why it is tried or not.

`modes: auto` follows the decision tree of LiteRT's guide: first the modes that the hardware runs,
then whether there is representative data.
Source: https://ai.google.dev/edge/litert/models/post_training_quantization
"""

from typing import Any

from quantgate.domain.hardware import HARDWARE, Hardware
from quantgate.domain.modes import BASELINE, MODES, QUANTIZED_MODES, Mode
from quantgate.errors import SpecError
from quantgate.planning.calibrations import NO_DATA, calibration_of
from quantgate.planning.candidates import ModePlan, PlannedCandidate
from quantgate.planning.plan import Plan
from quantgate.planning.recipes import plan_recipes
from quantgate.planning.recovery import recovered_candidates
from quantgate.planning.search import searched_candidates
from quantgate.spec.model.quantize import Candidate, Exclude
from quantgate.spec.model.spec import Spec


def make_plan(spec: Spec) -> Plan:
    """Return the plan of a valid spec.

    Raises:
        SpecError: there is no mode for the target.
    """
    recipes = plan_recipes(spec)
    by_recipe = recipes.candidates
    if spec.quantize.modes == "auto":
        branch, modes, candidates = _plan_for_target(spec)
    else:
        branch = None
        candidates = tuple(_settle(entry, spec) for entry in spec.quantize.modes)
        modes = _modes_by_name(candidates)
    searched = searched_candidates(spec)
    if not candidates and not by_recipe and not searched:
        hardware = HARDWARE[spec.quantize.target]
        raise SpecError(
            f"quantize.target: {hardware.runs}, and all of those modes need representative data: "
            "add data.calibration to the spec"
        )
    plain = (*candidates, *by_recipe)
    planned = (*plain, *recovered_candidates(spec, plain), *searched)
    return Plan(spec, branch, modes, planned, recipes.plans)


def _plan_for_target(
    spec: Spec,
) -> tuple[str, tuple[ModePlan, ...], tuple[PlannedCandidate, ...]]:
    target = spec.quantize.target
    hardware = HARDWARE[target]
    has_data = spec.data.calibration is not None
    converted = QUANTIZED_MODES.values() if spec.model.tflite is None else ()
    modes = tuple(_judge(mode, hardware, has_data) for mode in converted)
    entries = [Candidate(mode=plan.mode.name) for plan in modes if plan.included]
    candidates = tuple(_settle(entry, spec) for entry in entries)
    data = "with" if has_data else "without"
    title = f"target {target}, {data} representative data: {hardware.runs}"
    return title, (_baseline_plan(), *modes), candidates


def _judge(mode: Mode, hardware: Hardware, has_data: bool) -> ModePlan:
    if hardware not in mode.hardware:
        reason = f"{hardware.why_not}. Name it in quantize.modes to try it anyway"
        return ModePlan(mode, False, reason)
    if mode.calibrated and not has_data:
        return ModePlan(mode, False, NO_DATA)
    return ModePlan(mode, True, hardware.runs)


def _modes_by_name(candidates: tuple[PlannedCandidate, ...]) -> tuple[ModePlan, ...]:
    return (_baseline_plan(), *(_named(mode, candidates) for mode in QUANTIZED_MODES.values()))


def _named(mode: Mode, candidates: tuple[PlannedCandidate, ...]) -> ModePlan:
    names = [candidate.name for candidate in candidates if candidate.mode == mode]
    if not names:
        return ModePlan(mode, False, "not among quantize.modes")
    reason = "listed in quantize.modes"
    if names != [mode.name]:
        reason += f": {', '.join(names)}"
    return ModePlan(mode, True, reason)


def _baseline_plan() -> ModePlan:
    return ModePlan(BASELINE, True, "the baseline of all candidates")


def _settle(entry: Candidate, spec: Spec) -> PlannedCandidate:
    mode = MODES[entry.mode]
    return PlannedCandidate(
        name=entry.name or mode.name,
        mode=mode,
        input_type=entry.input_type or mode.io_types[0],
        output_type=entry.output_type or mode.io_types[0],
        options=_options(entry),
        calibration=calibration_of(spec, entry.calibration) if mode.calibrated else (),
    )


def _options(entry: Candidate) -> dict[str, Any]:
    exclude = entry.exclude or Exclude()
    given = {
        "per_channel": entry.per_channel,
        "per_channel_dense": entry.per_channel_dense,
        "exclude_ops": exclude.ops,
        "exclude_nodes": exclude.nodes,
    }
    return {name: value for name, value in given.items() if value not in (True, [])}
