"""Python functions of the user's own, from the file that travels with a pipeline or installed."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes


@dataclass(frozen=True)
class UserCode:
    """A Python file that travels with a pipeline.

    Attributes:
        path: the file, or a folder that holds nothing else.
        sha256: hash of its content.
    """

    path: str
    sha256: str


def import_code(code: UserCode) -> None:
    """Import a file that travels with a pipeline, so that its functions are found by name.

    Raises:
        InputError: the file is missing, has another content, or cannot be imported.
    """
    file = _file_at(Path(code.path))
    content = file.read_bytes()
    check_content(file.name, content, code.sha256)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None:
        raise InputError(f"{file.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    try:
        # What is run is what was checked, and nothing that was compiled from another content.
        exec(compile(content, file, "exec"), module.__dict__)
    except ImportError as error:
        del sys.modules[file.stem]
        raise InputError(
            f"{file.name} cannot be imported: {error}; it travels alone: what it imports has to "
            "be installed where tasks run, on a cluster in the image"
        ) from error


def check_content(name: str, content: bytes, sha256: str) -> None:
    """Raise InputError where a file's content is not the one that a hash is of."""
    found = sha256_of_bytes(content)
    if found != sha256:
        raise InputError(
            f"{name} has the SHA-256 {found}, and the pipeline was made with {sha256}: it was "
            "changed since; compile the spec anew"
        )


def load_function(source: str) -> Callable[..., Any]:
    """Find `module:function`; raises InputError where there is none."""
    name, _, attribute = source.partition(":")
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"{source} cannot be imported: {error}; name its file as `code` in the spec, put the "
            "module beside the spec, or on a cluster into the image"
        ) from error
    function: Callable[..., Any] | None = getattr(module, attribute, None)
    if not callable(function):
        raise InputError(f"{source}: the module `{name}` has no function `{attribute}`")
    return function


def _file_at(path: Path) -> Path:
    if not path.is_dir():
        return path
    files = sorted(path.glob("*.py"))
    if len(files) != 1:
        raise InputError(f"{path} holds {len(files)} Python files, and one is wanted")
    return files[0]
