"""The content of a spec, read by key path, with the paths that have errors."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from quantgate.errors import KeyPath
from quantgate.spec.model.section import Section

PartT = TypeVar("PartT", bound=Section)


class Content:
    """The content of a document, of which the `broken` paths have errors."""

    def __init__(self, document: Mapping[str, Any], broken: Collection[KeyPath]) -> None:
        self._document = document
        self._broken = broken

    def at(self, *path: str) -> object:
        """Return the value at a path, None if there is none."""
        here: object = self._document
        for key in path:
            here = here.get(key) if isinstance(here, dict) else None
        return here

    def holds(self, *path: str) -> bool:
        """Return whether the document has the path, also with an empty value."""
        around = self.at(*path[:-1])
        return isinstance(around, dict) and path[-1] in around

    def is_sound(self, path: KeyPath) -> bool:
        """Return whether there is no error at a path, above it or below it."""
        return not any(
            path[: len(broken)] == broken or broken[: len(path)] == path for broken in self._broken
        )

    def broken_in(self, section: str) -> list[KeyPath]:
        """Return the paths with errors in a section."""
        return [path for path in self._broken if path[:1] == (section,)]

    def section(self, kind: type[PartT], *path: str) -> PartT | None:
        """Return the section at a path, None if it has errors or is missing."""
        content = self.at(*path)
        is_sound = isinstance(content, dict) and self.is_sound(path)
        return kind.model_validate(content) if is_sound else None

    def switch(self, key: str, kind: type[PartT]) -> PartT | None:
        """Return a section of `quantize` that `true` turns on with its defaults."""
        path = ("quantize", key)
        given = self.at(*path)
        if given in (None, False) or not self.is_sound(path):
            return None
        return kind.model_validate({} if given is True else given)

    def entries(self, *path: str) -> Iterator[tuple[KeyPath, object]]:
        """Yield the entries of a mapping with their paths."""
        here = self.at(*path)
        items = here.items() if isinstance(here, dict) else ()
        return (((*path, key), entry) for key, entry in items)

    def sound_entries(self, *path: str) -> Iterator[tuple[KeyPath, object]]:
        """Yield the entries of a list that have no error, with their paths."""
        here = self.at(*path)
        for number, entry in enumerate(here if isinstance(here, list) else ()):
            inner: KeyPath = (*path, number)
            if self.is_sound(inner):
                yield inner, entry

    def values(self, *path: str) -> Iterator[tuple[KeyPath, object]]:
        """Yield all scalars below a path with their paths."""
        yield from _values(self.at(*path), path)


def _values(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    if isinstance(value, dict):
        parts = [(*path, key) for key in value]
    elif isinstance(value, list):
        parts = [(*path, index) for index in range(len(value))]
    else:
        yield path, value
        return
    for part in parts:
        yield from _values(value[part[-1]], part)
