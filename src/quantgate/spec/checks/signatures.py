"""Checks of signatures: named ones are converted, none is repeated, and none is missing."""

from collections.abc import Iterator

from quantgate.errors import KeyPath
from quantgate.spec.checks.draft import Draft
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import did_you_mean, dotted, listed

_SIGNATURES = ("model", "signatures")


def signature_findings(draft: Draft) -> Iterator[Finding]:
    """Check that each signature that a spec names is converted."""
    if draft.model is None:
        return
    converted = draft.model.signatures
    yield from _repeated(converted)
    for path, key in _named(draft):
        if key not in converted:
            message = f"{dotted(path)} is not converted: `{key}`"
            hint = did_you_mean(key, converted) or f"`model.signatures` has {listed(converted)}."
            yield Finding(path, message, hint, at_key="signatures" in path)
    if len(converted) > 1:
        yield from _open_metrics(draft, converted)


def _repeated(converted: list[str]) -> Iterator[Finding]:
    for index, key in enumerate(converted):
        if key in converted[:index]:
            path = (*_SIGNATURES, index)
            yield Finding(path, f"`{key}` is listed twice", "List each signature once.")


def _named(draft: Draft) -> Iterator[tuple[KeyPath, str]]:
    for path, metric in draft.metrics.items():
        if metric.signature is not None:
            yield (*path, "signature"), metric.signature
    if draft.latency and draft.latency.signature is not None:
        yield ("measure", "latency", "signature"), draft.latency.signature
    for path in draft.sources:
        if "signatures" in path:
            yield path, str(path[-1])


def _open_metrics(draft: Draft, converted: list[str]) -> Iterator[Finding]:
    for path, metric in draft.metrics.items():
        if metric.signature is None:
            message = f"{dotted(path)} needs the key `signature`"
            hint = f"Write for example `{{metric: {metric.metric}, signature: {converted[0]}}}`."
            yield Finding(path, message, hint)
