"""Checks of `quantize.recover`: that there are candidates to improve and data to judge by."""

from collections.abc import Iterator

from quantgate.domain.hardware import CPU, HARDWARE
from quantgate.domain.method import Method
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.domain.recipe_rules import moments_for
from quantgate.domain.recipes import RECIPES
from quantgate.domain.recovery import RECOVERED_RECIPE, is_recoverable, techniques_for
from quantgate.errors import KeyPath
from quantgate.spec.checks.draft import Draft
from quantgate.spec.checks.held_back import held_back_findings
from quantgate.spec.checks.recipes import is_known
from quantgate.spec.model.quantize import Candidate
from quantgate.spec.model.recipe import RecipeCandidate
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import listed

_PATH: KeyPath = ("quantize", "recover")


def recovery_findings(draft: Draft) -> Iterator[Finding]:
    """Check recovery, if the spec asks for it."""
    if draft.recover is None:
        return
    yield from held_back_findings(draft, _PATH, "recovery")
    if not techniques_for(draft.recover.techniques, draft.hardware):
        yield Finding(
            (*_PATH, "techniques"),
            "`layers` leaves ops in 16 bits, and an Edge TPU runs 8-bit activations only",
            "Add another technique, or remove `recover`.",
            at_key=True,
        )
    if not _is_any_recoverable(draft):
        message = "there is no candidate that recovery can improve"
        yield Finding(_PATH, message, f"{_additions(draft)}, or remove `recover`.", at_key=True)


def _additions(draft: Draft) -> str:
    recipe = f"Add `{RECOVERED_RECIPE}` to `quantize.recipes`"
    if draft.reads_tflite:
        return recipe
    modes = [mode.name for mode in QUANTIZED_MODES.values() if is_recoverable(mode, is_named=False)]
    return f"{recipe}, or {listed(modes)} without options to `quantize.modes`"


def _is_any_recoverable(draft: Draft) -> bool:
    named = [
        *(_is_improvable(candidate) for candidate in draft.candidates.values()),
        *(_has_recovered_one(entry) for entry in draft.recipes.values()),
    ]
    chosen = [
        *(QUANTIZED_MODES.values() if draft.chooses("modes") else ()),
        *(RECIPES.values() if draft.chooses("recipes") else ()),
    ]
    hardware = HARDWARE.get(draft.text("quantize", "target") or CPU.name, CPU)
    return any(named) or any(
        is_recoverable(method, is_named=False) and hardware in method.hardware for method in chosen
    )


def _has_recovered_one(entry: RecipeCandidate) -> bool:
    if entry.recipe not in RECIPES or not is_known(entry):
        return False
    is_improvable = is_recoverable(RECIPES[entry.recipe], is_named=True)
    return is_improvable and moments_for(entry.all_rules) is None


def _is_improvable(candidate: Candidate) -> bool:
    method: Method | None = QUANTIZED_MODES.get(candidate.mode)
    has_options = not (candidate.per_channel and candidate.per_channel_dense) or candidate.exclude
    return method is not None and is_recoverable(method, is_named=True) and not has_options
