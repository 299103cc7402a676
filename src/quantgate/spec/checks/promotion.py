"""Checks of `promote`: where to publish, and whether the baseline can be kept."""

from collections.abc import Iterator

from quantgate.errors import KeyPath
from quantgate.spec.checks.draft import Draft
from quantgate.spec.model.locations import PUBLISHING_SCHEMES, scheme_of
from quantgate.spec.model.metric import figures_on_microcontroller
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import listed

KEEP_BASELINE = "keep_baseline"


def promotion_findings(draft: Draft) -> Iterator[Finding]:
    """Check the section `promote`."""
    yield from _publication_findings(draft)
    if draft.text("promote", "when_none_qualifies") == KEEP_BASELINE:
        yield from _kept_baseline_findings(draft)


def _publication_findings(draft: Draft) -> Iterator[Finding]:
    location = draft.text("promote", "to")
    scheme = location and scheme_of(location)
    if scheme and scheme not in PUBLISHING_SCHEMES:
        message = f"`promote.to` is on `{scheme}://`, which quantgate cannot publish to"
        prefixes = listed(f"{known}://" for known in PUBLISHING_SCHEMES)
        yield Finding(("promote", "to"), message, f"Name a folder, or one on {prefixes}.")


def _kept_baseline_findings(draft: Draft) -> Iterator[Finding]:
    """Refuse limits and objectives that the baseline cannot be checked against."""
    unmeasured = figures_on_microcontroller(draft.metrics.values())
    for path, name in _named_figures(draft):
        if name in unmeasured:
            message = (
                f"`{name}` and `promote.when_none_qualifies: {KEEP_BASELINE}` exclude each other, "
                "because the baseline is not measured on TFLite Micro"
            )
            yield Finding(path, message, "Remove one of them.", at_key=path[0] == "gate")


def _named_figures(draft: Draft) -> Iterator[tuple[KeyPath, str]]:
    yield from ((("gate", name), name) for name in draft.limits)
    yield from ((("choose", "weights", name), name) for name in draft.weights)
    for path, objective in draft.objectives.items():
        given = objective.model_dump(include={"minimize", "maximize"})
        yield from (((*path, direction), name) for direction, name in given.items())
