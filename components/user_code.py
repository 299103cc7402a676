"""User code: Python functions from the file that travels with a pipeline, or from a package."""

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
        raise InputError(f"{file.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    try:
        # Runs the content that was checked, not a .pyc of another one.
        exec(compile(content, file, "exec"), module.__dict__)
    except ImportError as error:
        del sys.modules[file.stem]
        raise InputError(
            f"{file.name} cannot be imported: {error}. Only this file is sent. Install the modules "
            "that it imports where the tasks run: on a cluster, in the image"
        ) from error


def check_content(name: str, content: bytes, sha256: str) -> None:
    """Raise an InputError if the hash of a file's content is another one."""
    actual = sha256_of_bytes(content)
    if actual != sha256:
        raise InputError(
            f"{name} has the SHA-256 {actual}, but the pipeline was compiled with {sha256}: the "
            "file has changed since. Compile the spec again"
        )


def load_function(source: str) -> Callable[..., Any]:
    """Return the function of `module:function`. Raise an InputError if there is none."""
    name, _, attribute = source.partition(":")
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"{source} cannot be imported: {error}. Name its file as `code` in the spec, put the "
            "module beside the spec, or, on a cluster, install it in the image"
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
        raise InputError(f"{path} holds {len(files)} Python files instead of one")
    return files[0]
