"""A place of published versions: what stands in it, and whose it is."""

import json
from collections.abc import Callable

LATEST, MANIFEST = "latest", "manifest.json"
OTHER_PLACE = "Name another place as `promote.to`, or with `quantgate promote --to`."


def owner(read: Callable[[str], bytes | None]) -> str | None:
    """The name of the spec whose version `latest` names; None where nothing tells.

    `read` returns what a name in that place holds, None where there is nothing.
    """
    version = (read(LATEST) or b"").decode("utf-8", "replace").strip()
    return _name_in(read(f"{version}/{MANIFEST}") or b"") if version else None


def belongs_to(name: str) -> str:
    """Why another spec cannot publish there."""
    return f"its `{LATEST}` is a version of `{name}`, and a place holds the versions of one name"


def _name_in(manifest: bytes) -> str | None:
    try:
        found = json.loads(manifest)
    except ValueError:
        return None
    name = found.get("name") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None
