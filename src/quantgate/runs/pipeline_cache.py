"""Compiled pipelines, kept so that an unchanged spec is not compiled anew.

<cache>/pipelines/<key>.json   {"sha256": hash of the text, "pipeline": the text}
"""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from quantgate.errors import UsageError
from quantgate.foundation.extras import import_kfp_without_client
from quantgate.foundation.files import write_note
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_python
from quantgate.planning.plan import Plan

#: Everything that has a say in what a plan compiles into.
_OWN_CODE = ("quantgate", "quantgate.components", "quantgate.pipelines")


def write_pipeline(plan: Plan, spec_sha256: str, path: Path, cache: Path | None) -> None:
    """Write the compiled pipeline; where nothing behind it has changed, as it was compiled before.

    Without `cache`, a folder, it is compiled anew.

    Raises:
        UsageError: the file cannot be written.
    """
    import_kfp_without_client()
    kept = cache and cache / "pipelines" / f"{_key(plan, spec_sha256)}.json"
    text = kept and _read(kept)
    if text:
        _write(path, text)
        return
    from quantgate.pipelines import compile_pipeline

    compile_pipeline(plan, spec_sha256, path)
    if kept:
        _keep(kept, path.read_text("utf-8"))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; choose another place") from error


def _key(plan: Plan, spec_sha256: str) -> str:
    versions = [platform.python_version(), metadata.version("kfp"), *_own_code()]
    return sha256_of_bytes(json.dumps([repr(plan), spec_sha256, versions]).encode())


def _own_code() -> Iterator[str]:
    """Yield a hash for each package, as the version of a development install says nothing."""
    for name in _OWN_CODE:
        spec = find_spec(name)
        for folder in spec.submodule_search_locations or [] if spec else []:
            yield sha256_of_python(Path(folder))


def _read(kept: Path) -> str | None:
    try:
        document = json.loads(kept.read_text("utf-8"))
        text = str(document["pipeline"])
        is_whole = document["sha256"] == sha256_of_bytes(text.encode())
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if not is_whole:
        return None
    with suppress(OSError):
        os.utime(kept)  # what is used is not forgotten
    return text


def _keep(kept: Path, text: str) -> None:
    """Keep a pipeline; where it cannot be kept, the next run compiles it again."""
    document = {"sha256": sha256_of_bytes(text.encode()), "pipeline": text}
    write_note(kept, json.dumps(document))
