"""Damaged files, whose libraries raise exceptions of any class, as errors for the user."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quantgate.errors import InputError, QuantgateError

COPY_AGAIN = "Copy or write it again"
#: The most that a description in an archive takes. A larger one is a zip bomb.
LARGEST_TEXT_BYTES = 256 << 20


@contextmanager
def refused_if_damaged(what: str, remedy: str = COPY_AGAIN) -> Iterator[None]:
    """Turn an exception of a library that reads a file into an InputError.

    Args:
        what: the file and the part that is read, such as "a.npz: `x` cannot be read".
        remedy: what to do, if the content is damaged.

    Raises:
        InputError: the file is damaged, or the block raised one.
    """
    try:
        yield
    except QuantgateError:
        raise
    except Exception as error:
        raise InputError(f"{what}: {_reason(error)}. {_remedy(error) or remedy}") from error


def _reason(error: Exception) -> str:
    """Return the first line of an exception's message, or a sentence for those without."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is, or is nested too deeply"
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(" .:") if lines else type(error).__name__


def _remedy(error: Exception) -> str:
    """Return what to do about a member of an archive that is whole and still cannot be read."""
    if isinstance(error, NotImplementedError):
        return "Write it without compression, or with deflate"
    return "Write it without a password" if "is encrypted" in str(error) else ""


def text_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the content of a text in an archive.

    Raises:
        InputError: it is too large for a text.
        Exception: of the class that `zipfile` raises for a damaged archive.
    """
    size = archive.getinfo(name).file_size
    if size > LARGEST_TEXT_BYTES:
        raise InputError(
            f"{archive.filename}: `{name}` takes {size:,} bytes, which is too much for a "
            f"description of a model. {COPY_AGAIN}"
        )
    return archive.read(name)


def members_ending_in(path: Path, suffix: str) -> list[str]:
    """Return the names of the members of an archive that end in a suffix.

    Raises:
        InputError: the archive is damaged.
    """
    with refused_if_damaged(f"{path} is a damaged archive"), zipfile.ZipFile(path) as archive:
        return [name for name in archive.namelist() if name.endswith(suffix)]
