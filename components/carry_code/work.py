"""The work of `carry_code`: a file from its text."""

from pathlib import Path

from quantgate.components.own_code import check_content


def carry_code(name: str, text: str, *, sha256: str, code_path: str) -> None:
    """Write a Python file into a folder.

    Args:
        name: what the file is called.
        text: what it holds.
        sha256: hash of that, as UTF-8.
        code_path: the folder.

    Raises:
        InputError: the text is not the one that the hash is of.
    """
    content = text.encode()
    check_content(name, content, sha256)
    folder = Path(code_path)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
