"""The work of `carry_code`: a file from its text."""

import json
from pathlib import Path

from quantgate.components.user_code import check_content
from quantgate.errors import InputError


def carry_code(name: str, text: str, *, sha256: str, code_path: str) -> None:
    """Write a Python file into a folder.

    Args:
        name: what the file is called.
        text: what it holds, as a JSON string.
        sha256: hash of the file's content, as UTF-8.
        code_path: the folder.

    Raises:
        InputError: the text is no JSON string, or not the one that the hash is of.
    """
    content = _decoded(name, text).encode()
    check_content(name, content, sha256)
    folder = Path(code_path)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def _decoded(name: str, text: str) -> str:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, str):
        raise InputError(
            f"the text of {name} is no JSON string: write it with "
            "`quantgate.foundation.json_argument.json_argument`"
        )
    return content
