"""The version that `latest` names, and the versions that it named before.

    latest    the version that devices read, and a line break
    history   the versions that `latest` has named, each once, the newest last

The second promotion writes the first `history`. It is written before `latest`, so that a kill in
between leaves `latest` unchanged. The next promotion drops a last line that never became `latest`.
"""

from dataclasses import dataclass

from quantgate.components.promote.shelf import Overtaken, Shelf, Stored
from quantgate.components.promote.versions import intact
from quantgate.errors import InputError
from quantgate.records.published import LATEST

HISTORY = "history"


@dataclass(frozen=True)
class Latest:
    """The contents of `latest` and `history` when they were read."""

    current: Stored | None
    past: Stored | None

    @classmethod
    def of(cls, shelf: Shelf) -> "Latest":
        """Read both files."""
        return cls(shelf.read(LATEST), shelf.read(HISTORY))

    @property
    def version(self) -> str | None:
        """The version that `latest` names."""
        lines = _lines(self.current)
        return lines[0] if lines else None

    @property
    def before(self) -> list[str]:
        """The versions that `latest` named before this one, the newest last.

        The last line of `history` is the version of the promotion that wrote it. If `latest` names
        no line, another promotion was faster, and that last line never became `latest`.
        """
        known = _lines(self.past)
        if self.version is None:
            return known
        if self.version not in known:
            return known[:-1]
        return known[: len(known) - 1 - known[::-1].index(self.version)]

    def move(self, shelf: Shelf, version: str) -> None:
        """Let `latest` name another version, unless it has changed since it was read.

        Raises:
            InputError: it has changed, or cannot be written.
        """
        if version == self.version:
            return
        try:
            lines = [
                known for known in (*self.before, self.version) if known not in (None, version)
            ]
            if lines:
                shelf.write(HISTORY, _text([*lines, version]), self.past)
            shelf.write(LATEST, _text([version]), self.current)
        except Overtaken as error:
            raise InputError(
                f"cannot publish in {shelf.to}: another promotion has changed `{LATEST}` in the "
                f"meantime. Version {version} is published, but not the latest: promote it again"
            ) from error

    def move_back(self, shelf: Shelf) -> str:
        """Let `latest` name its previous version, and return that version.

        Raises:
            InputError: there is none, it is damaged, or `latest` has changed since it was read.
        """
        if not self.before:
            raise InputError(f"{shelf.to} has no previous version of `{LATEST}`")
        version = self.before[-1]
        if intact(shelf, version) is None:
            raise InputError(
                f"version {version} in {shelf.to} is damaged or missing. Promote the run that it "
                f"came from again (`{LATEST}` is unchanged)"
            )
        try:
            shelf.write(LATEST, _text([version]), self.current)
        except Overtaken as error:
            raise InputError(
                f"`{LATEST}` in {shelf.to} was changed by another process in the meantime. Check "
                "it, and roll back again"
            ) from error
        return version


def _lines(stored: Stored | None) -> list[str]:
    return stored.content.decode("utf-8", "replace").split() if stored else []


def _text(versions: list[str]) -> bytes:
    return "".join(f"{version}\n" for version in versions).encode()
