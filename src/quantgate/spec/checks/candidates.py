"""Checks of candidates: their modes, names, types and options."""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from quantgate.domain.modes import BASELINE, QUANTIZED_MODES, Mode
from quantgate.errors import KeyPath
from quantgate.spec.checks.draft import Draft
from quantgate.spec.checks.names import mode_findings
from quantgate.spec.checks.recipes import is_known, recipe_findings, uncalibrated_findings
from quantgate.spec.model.quantize import Candidate
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted, listed

Candidates = Mapping[KeyPath, Candidate]


#: For each option, why some modes do not take it.
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "per_channel": "float16 has no scales, and TensorFlow's 16x8 needs one per channel",
        "per_channel_dense": "TensorFlow has the option only for int8",
        "exclude": "ops can stay in float only if the mode allows float, and the converter "
        "supports that only for int8",
        "calibration": "it needs no representative data",
    }
)


def quantize_findings(draft: Draft) -> Iterator[Finding]:
    """Check the candidates of modes and of recipes."""
    if draft.tries_nothing:
        yield _nothing(draft)
    yield from _candidate_findings(draft.candidates, draft.lacks_calibration)
    yield from recipe_findings(draft.recipes, draft.hardware)
    if draft.lacks_calibration:
        yield from uncalibrated_findings(draft.recipes)
    yield from _name_findings(draft)


def _nothing(draft: Draft) -> Finding:
    if draft.reads_tflite:
        message = "`quantize.recipes` is empty, and only recipes quantize a .tflite"
        return Finding(("quantize", "recipes"), message, "Write `recipes: auto`, or name some.")
    message = "`quantize.modes` must have at least one entry"
    return Finding(("quantize", "modes"), message, "Name modes, or recipes in `recipes`.")


def _candidate_findings(candidates: Candidates, lacks_calibration: bool) -> Iterator[Finding]:
    for path, candidate in candidates.items():
        yield from mode_findings(candidate.mode, (*path, "mode"))
        yield from _type_findings(candidate, path)
        if candidate.mode in QUANTIZED_MODES:
            yield from _option_findings(candidate, QUANTIZED_MODES[candidate.mode], path)
    if lacks_calibration:
        yield from _calibration_findings(candidates)


def _type_findings(candidate: Candidate, path: KeyPath) -> Iterator[Finding]:
    mode = QUANTIZED_MODES.get(candidate.mode)
    for key, kind in (("input_type", "inputs"), ("output_type", "outputs")):
        dtype = getattr(candidate, key)
        if mode and dtype and dtype not in mode.io_types:
            others = [other.name for other in QUANTIZED_MODES.values() if dtype in other.io_types]
            hint = (
                f"Its {kind} can be {listed(mode.io_types)}. "
                f"For {dtype} {kind} use {listed(others)}."
            )
            yield Finding((*path, key), f"`{mode.name}` cannot have {dtype} {kind}", hint)


def _option_findings(candidate: Candidate, mode: Mode, path: KeyPath) -> Iterator[Finding]:
    is_set = {
        "per_channel": not candidate.per_channel,
        "per_channel_dense": not candidate.per_channel_dense,
        "exclude": candidate.exclude is not None,
        "calibration": candidate.calibration is not None,
    }
    for key, why in _REASONS.items():
        if is_set[key] and key not in mode.options:
            others = [other.name for other in QUANTIZED_MODES.values() if key in other.options]
            message = f"`{mode.name}` takes no `{key}`: {why}"
            yield Finding((*path, key), message, f"It is for {listed(others)}.", at_key=True)
    if candidate.exclude and not (candidate.exclude.ops or candidate.exclude.nodes):
        message = f"{dotted((*path, 'exclude'))} is empty"
        yield Finding((*path, "exclude"), message, "Add `ops` or `nodes`, or remove it.")


def _name_findings(draft: Draft) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for path, name in _titles(draft):
        if name == BASELINE.name:
            message = f"a candidate cannot be called `{BASELINE.name}`"
            yield Finding((*path, "name"), message, "That is the baseline's name. Choose another.")
        seen[name] += 1
        if seen[name] > 1:
            message = f"another candidate is called `{name}` already"
            yield Finding((*path, "name"), message, "Give this one another `name`.")


def _titles(draft: Draft) -> Iterator[tuple[KeyPath, str]]:
    for path, candidate in draft.candidates.items():
        if candidate.name or candidate.mode in QUANTIZED_MODES:
            yield path, candidate.name or candidate.mode
    for path, entry in draft.recipes.items():
        if entry.name or is_known(entry):
            yield path, entry.title


def _calibration_findings(candidates: Candidates) -> Iterator[Finding]:
    calibrated = {
        path: candidate.mode
        for path, candidate in candidates.items()
        if candidate.mode in QUANTIZED_MODES and QUANTIZED_MODES[candidate.mode].calibrated
    }
    if not calibrated:
        return
    modes = list(dict.fromkeys(calibrated.values()))
    others = [mode.name for mode in QUANTIZED_MODES.values() if not mode.calibrated]
    needs = "needs" if len(modes) == 1 else "need"
    yield Finding(
        (*next(iter(calibrated)), "mode"),
        f"{listed(modes, 'and')} {needs} representative data, but there is no `data.calibration`",
        f"Add `data: {{calibration: {{source: ...}}}}`, or use {listed(others)} instead.",
    )
