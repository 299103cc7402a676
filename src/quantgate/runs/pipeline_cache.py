"""Cache of compiled pipelines, so that an unchanged spec is not compiled again.

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

#: Packages whose code the compiled pipeline depends on.
_OWN_CODE = ("quantgate", "quantgate.components", "quantgate.pipelines")


def write_pipeline(plan: Plan, spec_sha256: str, path: Path, cache: Path | None) -> None:
    """Write the compiled pipeline, from the cache if it is there.

    Args:
        plan: the plan to compile.
        spec_sha256: hash of the spec.
        path: the file to write.
        cache: folder of the cache. None compiles without a cache.

    Raises:
        UsageError: the file cannot be written.
    """
    import_kfp_without_client()
    cached = cache and cache / "pipelines" / f"{_key(plan, spec_sha256)}.json"
    text = cached and _read(cached)
    if text:
        _write(path, text)
        return
    from quantgate.pipelines import compile_pipeline

    compile_pipeline(plan, spec_sha256, path)
    if cached:
        _keep(cached, path.read_text("utf-8"))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}. Choose another path") from error


def _key(plan: Plan, spec_sha256: str) -> str:
    versions = [platform.python_version(), metadata.version("kfp"), *_own_code()]
    return sha256_of_bytes(json.dumps([repr(plan), spec_sha256, versions]).encode())


def _own_code() -> Iterator[str]:
    """Yield a hash for each package, as the version of a development install says nothing."""
    for name in _OWN_CODE:
        spec = find_spec(name)
        for folder in spec.submodule_search_locations or [] if spec else []:
            yield sha256_of_python(Path(folder))


def _read(cached: Path) -> str | None:
    try:
        document = json.loads(cached.read_text("utf-8"))
        text = str(document["pipeline"])
        is_intact = document["sha256"] == sha256_of_bytes(text.encode())
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if not is_intact:
        return None
    with suppress(OSError):
        os.utime(cached)  # pruning deletes the least recently used entries
    return text


def _keep(cached: Path, text: str) -> None:
    """Add a pipeline to the cache, if the file can be written."""
    document = {"sha256": sha256_of_bytes(text.encode()), "pipeline": text}
    write_note(cached, json.dumps(document))
