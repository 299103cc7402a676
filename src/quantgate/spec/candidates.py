"""Candidates: their modes, names and types."""

from collections import Counter
from collections.abc import Iterator, Mapping

from quantgate.modes import BASELINE, QUANTIZED_MODES
from quantgate.spec.model import Candidate
from quantgate.spec.naming import mode_findings
from quantgate.spec.problems import Finding, KeyPath
from quantgate.spec.wording import listed

Candidates = Mapping[KeyPath, Candidate]


def candidate_findings(candidates: Candidates, lacks_calibration: bool) -> Iterator[Finding]:
    """Check the candidates by path."""
    for path, candidate in candidates.items():
        yield from mode_findings(candidate.mode, (*path, "mode"))
        yield from _type_findings(candidate, path)
    yield from _name_findings(candidates)
    if lacks_calibration:
        yield from _calibration_findings(candidates)


def _type_findings(candidate: Candidate, path: KeyPath) -> Iterator[Finding]:
    mode = QUANTIZED_MODES.get(candidate.mode)
    for key, kind in (("input_type", "inputs"), ("output_type", "outputs")):
        dtype = getattr(candidate, key)
        if mode and dtype and dtype not in mode.io_types:
            others = [other.name for other in QUANTIZED_MODES.values() if dtype in other.io_types]
            hint = (
                f"Its {kind} can be {listed(mode.io_types)}; "
                f"{dtype} {kind} come with {listed(others)}."
            )
            yield Finding((*path, key), f"`{mode.name}` cannot have {dtype} {kind}", hint)


def _name_findings(candidates: Candidates) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for path, candidate in candidates.items():
        if candidate.name == BASELINE.name:
            message = f"a candidate cannot be called `{BASELINE.name}`"
            yield Finding((*path, "name"), message, "That is the baseline's name; take another.")
        if candidate.name or candidate.mode in QUANTIZED_MODES:
            name = candidate.name or candidate.mode
            seen[name] += 1
            if seen[name] > 1:
                message = f"another candidate is called `{name}` already"
                yield Finding((*path, "name"), message, "Give this one a `name` of its own.")


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
        f"{listed(modes, 'and')} {needs} representative data, and there is no `data.calibration`",
        f"Add `data: {{calibration: {{source: ...}}}}`, or take {listed(others)} instead.",
    )
