"""Which version `latest` names, and which ones it named before.

    latest    the version that the fleet reads, and a line break
    history   the versions that `latest` named, each once, the newest last; from the second on

`history` is written first, so that a kill in between leaves `latest` as it was; a last line that
never came to be `latest` is dropped by the next promotion.
"""

from dataclasses import dataclass

from quantgate.components.promote.shelf import Overtaken, Shelf, Stored
from quantgate.components.promote.versions import intact
from quantgate.errors import InputError
from quantgate.records.published import LATEST

HISTORY = "history"


@dataclass(frozen=True)
class Latest:
    """`latest` and `history` as they were read."""

    current: Stored | None
    past: Stored | None

    @classmethod
    def of(cls, shelf: Shelf) -> "Latest":
        """Read both."""
        return cls(shelf.read(LATEST), shelf.read(HISTORY))

    @property
    def version(self) -> str | None:
        """What `latest` names."""
        lines = _lines(self.current)
        return lines[0] if lines else None

    @property
    def before(self) -> list[str]:
        """The versions that `latest` named before it came to name this one, the newest last."""
        known = _lines(self.past)
        if self.version not in known:
            return known
        return known[: len(known) - 1 - known[::-1].index(self.version)]

    def move(self, shelf: Shelf, version: str) -> None:
        """Let `latest` name another version, unless somebody has moved it since it was read.

        Raises:
            InputError: somebody has, or it cannot be written.
        """
        if version == self.version:
            return
        try:
            if self.version is not None:
                lines = [known for known in (*self.before, self.version) if known != version]
                shelf.write(HISTORY, _text([*lines, version]), self.past)
            shelf.write(LATEST, _text([version]), self.current)
        except Overtaken as error:
            raise InputError(
                f"cannot publish in {shelf.to}: another promotion has moved `{LATEST}` meanwhile; "
                f"version {version} is there, but not the latest. Promote again if it should be"
            ) from error

    def move_back(self, shelf: Shelf) -> str:
        """Let `latest` name the version that it named before, and return that one.

        Raises:
            InputError: there is none, it is damaged, or somebody has moved `latest` meanwhile.
        """
        if not self.before:
            raise InputError(f"{shelf.to} has no version that `{LATEST}` named before")
        version = self.before[-1]
        if intact(shelf, version) is None:
            raise InputError(
                f"version {version} in {shelf.to} is damaged or gone, and `{LATEST}` stays; "
                "promote the run that it came from again"
            )
        try:
            shelf.write(LATEST, _text([version]), self.current)
        except Overtaken as error:
            raise InputError(
                f"somebody has moved `{LATEST}` in {shelf.to} meanwhile; look, and roll back again"
            ) from error
        return version


def _lines(stored: Stored | None) -> list[str]:
    return stored.content.decode("utf-8", "replace").split() if stored else []


def _text(versions: list[str]) -> bytes:
    return "".join(f"{version}\n" for version in versions).encode()
