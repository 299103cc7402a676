"""The choice of what to delete by age and size: the least recently used goes first."""

import time
from collections.abc import Sequence
from typing import Protocol, TypeVar


class Kept(Protocol):
    """Something that is kept on disk."""

    @property
    def size_bytes(self) -> int:
        """The bytes that deleting it frees."""

    @property
    def used(self) -> float:
        """The time of its last use, in Unix seconds."""


KeptT = TypeVar("KeptT", bound=Kept)


def to_delete(
    kept: Sequence[KeptT], older_than_s: float | None = None, max_bytes: float | None = None
) -> list[KeptT]:
    """Return what was not used for `older_than_s`, and then what is beyond `max_bytes`.

    Args:
        kept: the least recently used first.
        older_than_s: an age in seconds. None deletes nothing for its age.
        max_bytes: the size that may stay. 0 deletes everything, and None nothing for its size.
    """
    limit = -1.0 if older_than_s is None else time.time() - older_than_s
    deleted = [each for each in kept if each.used < limit]
    rest = list(kept[len(deleted) :])
    if max_bytes is None:
        return deleted
    excess = sum(each.size_bytes for each in rest) - max_bytes
    while rest and (excess > 0 or max_bytes <= 0):
        excess -= rest[0].size_bytes
        deleted.append(rest.pop(0))
    return deleted
