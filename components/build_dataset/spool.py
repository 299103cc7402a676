"""Write a stream of samples to disk, so that samples can be chosen from it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.numpy_files import stored_array
from quantgate.components.build_dataset.sources import Batch, Request, SourceArray
from quantgate.components.build_dataset.writing import write_header
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE, Reach
from quantgate.errors import InputError

Array = NDArray[Any]
Stream = Callable[[Request], Iterable[Batch]]
LIMITS = ResourceLimits(timeout_s=6 * 3600.0)


class NoSamples(InputError):
    """A source without any sample."""


def spooled(
    stream: Stream, request: Request, folder: Path, *, own_code: bool
) -> dict[str, SourceArray]:
    """Read a stream in a child process into one .npy file for each key.

    TensorFlow and user code run in that process, so that their crash becomes a message here.

    Args:
        stream: reads the samples.
        request: the source, and what is needed of it.
        folder: to write the files to.
        own_code: whether the stream is the user's own code, which runs without a sandbox.

    Raises:
        NoSamples: the stream has none.
        InputError: the stream fails, or has samples that differ in shape or type.
    """
    source = request.data.source
    reach = OWN_CODE if own_code else Reach((str(folder),))
    try:
        outcome = run_isolated(_spool, stream, request, folder, limits=LIMITS, reach=reach)
    except IsolatedFailure as failure:
        raise InputError(
            f"{source}: reading the samples failed: {failure}. The log has the traceback"
        ) from failure
    if isinstance(outcome, InputError):
        raise outcome
    if not outcome:
        raise NoSamples(f"{source} gave no samples")
    return {key: stored_array(key, folder / file) for key, file in outcome.items()}


def _spool(stream: Stream, request: Request, folder: Path) -> dict[str, str] | InputError:
    """Return the files' names by key, or the InputError, which the parent raises."""
    columns: dict[str, _Column | _TextColumn] = {}
    done = 0
    try:
        for batch in _up_to(request.first, stream(request)):
            if not columns:
                columns = _columns(batch, folder)
            _append(columns, batch, done, request.data.source)
            done += len(next(iter(batch.values())))
    except InputError as error:
        return error
    for column in columns.values():
        column.close(done)
    return {key: column.path.name for key, column in columns.items()}


def _up_to(limit: int | None, stream: Iterable[Batch]) -> Iterator[Batch]:
    left = limit
    for batch in stream:
        yield {key: rows[:left] for key, rows in batch.items()}
        if left is not None:
            left -= len(next(iter(batch.values())))
            if left <= 0:
                return


@dataclass
class _Column:
    """An array that is being written. The header is rewritten at the end, with the length."""

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    file: IO[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.file = self.path.open("wb")
        write_header(self.file, (0, *self.shape), self.dtype)

    def append(self, rows: Array) -> None:
        self.file.write(np.ascontiguousarray(rows, self.dtype).data)

    def close(self, samples: int) -> None:
        self.file.seek(0)
        write_header(self.file, (samples, *self.shape), self.dtype)
        self.file.close()


@dataclass
class _TextColumn:
    """Names, one for each sample. They are held in memory, as their width is known at the end."""

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    chunks: list[Array] = field(default_factory=list)

    def append(self, rows: Array) -> None:
        self.chunks.append(rows)

    def close(self, samples: int) -> None:
        np.save(self.path, np.concatenate(self.chunks))


def _columns(batch: Batch, folder: Path) -> dict[str, _Column | _TextColumn]:
    return {
        key: (_TextColumn if rows.dtype.kind == "U" else _Column)(
            folder / f"{number}.npy", rows.dtype.newbyteorder("="), rows.shape[1:]
        )
        for number, (key, rows) in enumerate(batch.items())
    }


def _append(
    columns: Mapping[str, _Column | _TextColumn], batch: Batch, done: int, source: str
) -> None:
    if batch.keys() != columns.keys():
        first, here = (", ".join(f"`{key}`" for key in keys) for keys in (columns, batch))
        raise InputError(f"{source}: sample {done} has {here} and sample 0 has {first}")
    for key, rows in batch.items():
        column = columns[key]
        both_text = rows.dtype.kind == column.dtype.kind == "U"
        if rows.shape[1:] != column.shape or not (both_text or rows.dtype == column.dtype):
            raise InputError(
                f"{source}: `{key}` of sample {done} is {rows.dtype.name} {list(rows.shape[1:])}, "
                f"of sample 0 {column.dtype.name} {list(column.shape)}: samples must have one "
                "shape and type"
            )
        column.append(rows)
