"""The check that no URI of a spec has credentials."""

from collections.abc import Iterator, Mapping, Sequence

from quantgate.errors import KeyPath
from quantgate.foundation.credentials import WAY_OUT, has_credentials
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted


def credential_findings(value: object, path: KeyPath = ()) -> Iterator[Finding]:
    """Check a value of a spec, and all values below it."""
    if isinstance(value, str) and has_credentials(value):
        yield Finding(path, f"{dotted(path)} has credentials in its URI", f"{WAY_OUT}.")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from credential_findings(inner, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, inner in enumerate(value):
            yield from credential_findings(inner, (*path, number))
