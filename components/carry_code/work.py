"""The work of `carry_code`: write a file from its text."""

import json
from pathlib import Path

from quantgate.components.user_code import check_content
from quantgate.errors import InputError


def carry_code(name: str, text: str, *, sha256: str, code_path: str) -> None:
    """Write a Python file into a folder.

    Args:
        name: name of the file.
        text: content of the file as a JSON string.
        sha256: hash of the content in UTF-8.
        code_path: the folder.

    Raises:
        InputError: the text is not a JSON string, or its hash is another one.
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
            f"the text of {name} is not a JSON string. Write it with "
            "`quantgate.foundation.json_argument.json_argument`"
        )
    return content
