"""Checks of `code`: that it can be packaged and has the functions that the spec names."""

import json
import symtable
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from quantgate.errors import KeyPath
from quantgate.foundation.files import is_named_pipe
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.foundation.json_argument import json_argument
from quantgate.spec.model.code import Code
from quantgate.spec.model.locations import KUBEFLOW_SCHEMES, scheme_of
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import did_you_mean, dotted, listed

#: Maximum size in bytes. The file is one argument of a task, which Linux limits to 128 KiB.
LARGEST = 100_000
_FILE: KeyPath = ("code", "file")
_SHA256: KeyPath = ("code", "sha256")


def code_findings(code: Code, functions: Mapping[KeyPath, str]) -> Iterator[Finding]:
    """Check a well-formed `code` without reading the file.

    Args:
        code: the section.
        functions: the spec's user functions, as `module:function`, by path.
    """
    yield from _name_findings(code)
    yield from _location_findings(code)
    if not any(code.holds(function) for function in functions.values()):
        message = f"the spec uses no function of `{code.name}`"
        hint = f"Name its functions as `{code.module}:function`, or remove `code`."
        yield Finding(_FILE, message, hint)


def _name_findings(code: Code) -> Iterator[Finding]:
    if not code.name.endswith(".py") or not code.module.isidentifier():
        message = f"`code.file` is called `{code.name}`, which Python cannot import"
        yield Finding(_FILE, message, "Use a name such as `my_code.py`.")
    elif code.module in {*sys.stdlib_module_names, "quantgate"}:
        message = f"`code.file` would hide the module `{code.module}`"
        yield Finding(_FILE, message, "Give the file another name.")


def _location_findings(code: Code) -> Iterator[Finding]:
    scheme = scheme_of(code.file)
    if scheme and scheme not in KUBEFLOW_SCHEMES:
        message = f"`code.file` is on `{scheme}://`, which Kubeflow Pipelines cannot read"
        prefixes = listed(f"{known}://" for known in KUBEFLOW_SCHEMES)
        yield Finding(_FILE, message, f"Use a local path, or one on {prefixes}.")
    elif scheme and code.sha256 is None:
        message = "`code` needs the key `sha256`, because its file is a URI"
        yield Finding(("code",), message, f"`sha256sum {code.name}` prints it.", at_key=True)


@dataclass(frozen=True)
class ReadCode:
    """The section with the content of its file.

    Attributes:
        code: the section.
        findings: errors in the file. If there are any, the content may be missing.
    """

    code: Code
    findings: list[Finding]


def read_code(code: Code, folder: Path, functions: Mapping[KeyPath, str]) -> ReadCode:
    """Read a local file, and check that it has the functions.

    Args:
        code: the section.
        folder: the spec's folder, which a local path is relative to.
        functions: the spec's user functions, as `module:function`, by path.
    """
    if scheme_of(code.file):
        return ReadCode(code, [])
    path = folder / code.file
    if is_named_pipe(path):
        return ReadCode(code, [Finding(_FILE, f"`code.file` is a named pipe: {path}")])
    try:
        content = path.read_bytes()
        text = content.decode()
    except OSError as error:
        message = f"`code.file` cannot be read: {path}: {error.strerror}"
        return ReadCode(code, [Finding(_FILE, message, f"Paths are relative to {folder}.")])
    except UnicodeDecodeError:
        return ReadCode(code, [Finding(_FILE, f"`code.file` is not UTF-8: {path}")])
    sha256 = sha256_of_bytes(content)
    findings = [*_size_findings(text), *_hash_findings(code, sha256)]
    findings += _content_findings(code, text, functions)
    return ReadCode(code.with_content(text, sha256), findings)


def _size_findings(text: str) -> Iterator[Finding]:
    size = len(json.dumps(json_argument(text)))
    if size > LARGEST:
        message = f"`code.file` is too large to package with a pipeline: {size:,} bytes"
        hint = (
            f"The maximum is {LARGEST:,}. Upload it and give its URI and `sha256`, or build an "
            "image from quantgate/runtime that has it."
        )
        yield Finding(_FILE, message, hint)


def _hash_findings(code: Code, sha256: str) -> Iterator[Finding]:
    if code.sha256 not in (None, sha256):
        message = f"{dotted(_SHA256)} does not match `{code.file}`"
        yield Finding(_SHA256, message, f"The file has {sha256}. Write that, or remove the key.")


def _content_findings(code: Code, text: str, functions: Mapping[KeyPath, str]) -> Iterator[Finding]:
    try:
        module = symtable.symtable(text, code.file, "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        position = f", line {line}" if line else ""
        reason = error.msg if isinstance(error, SyntaxError) else error
        yield Finding(_FILE, f"`code.file` is not valid Python: {code.name}{position}: {reason}")
        return
    names = [symbol.get_name() for symbol in module.get_symbols() if _is_bound(symbol)]
    for path, function in functions.items():
        name = function.partition(":")[2]
        if code.holds(function) and name not in names:
            message = f"`{code.name}` has no function `{name}`"
            yield Finding(path, message, did_you_mean(name, names))


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()
