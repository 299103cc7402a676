"""Checks of the calibration data that recovery and the search hold back to judge models on."""

from collections.abc import Iterator

from quantgate.domain.recovery import HELD_BACK_OF
from quantgate.errors import KeyPath
from quantgate.spec.checks.draft import SEARCH_DATA, Draft
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted


def held_back_findings(draft: Draft, path: KeyPath, activity: str) -> Iterator[Finding]:
    """Check that there are calibration samples to hold back, unless the spec has others.

    Args:
        draft: the spec.
        path: of the section that needs them.
        activity: the name of the section's work, such as "recovery".
    """
    if draft.lacks_calibration:
        yield Finding(
            path,
            f"{activity} judges models on calibration data, but there is no `data.calibration`",
            f"Add `data: {{calibration: {{source: ...}}}}`, or remove `{path[-1]}`.",
            at_key=True,
        )
    if SEARCH_DATA in draft.sources:
        return
    for place, source in draft.sources.items():
        if place[1] == "calibration" and (source.samples or HELD_BACK_OF) < HELD_BACK_OF:
            yield Finding(
                (*place, "samples"),
                f"{activity} holds back one of {HELD_BACK_OF} samples, but {dotted(place)} takes "
                f"only {source.samples}",
                f"Take {HELD_BACK_OF} samples or more. LiteRT's guide advises 100 to 500.",
            )
