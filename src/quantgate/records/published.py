"""The layout and ownership of a publication target: `latest` and `<version>/manifest.json`."""

import json
from collections.abc import Callable

LATEST, MANIFEST = "latest", "manifest.json"
OTHER_TARGET = "Name another target as `promote.to`, or with `quantgate promote --to`."


def owner(read: Callable[[str], bytes | None]) -> str | None:
    """Return the name of the spec that published `latest`, or None if nothing tells.

    Args:
        read: a function that returns the contents of a name in the target, or None if there is
            nothing.
    """
    version = (read(LATEST) or b"").decode("utf-8", "replace").strip()
    return _name_in(read(f"{version}/{MANIFEST}") or b"") if version else None


def belongs_to(name: str) -> str:
    """Return the reason why another spec cannot publish there."""
    return f"its `{LATEST}` is a version of `{name}`, and a target holds the versions of one name"


def _name_in(manifest: bytes) -> str | None:
    try:
        content = json.loads(manifest)
    except ValueError:
        return None
    name = content.get("name") if isinstance(content, dict) else None
    return name if isinstance(name, str) else None
