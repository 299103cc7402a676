"""KFP pipeline -> IR: YAML that is the same bytes from compile to compile."""

from contextlib import suppress
from pathlib import Path

from kfp.compiler import Compiler

from quantgate.errors import UsageError
from quantgate.pipelines.root import root_pipeline
from quantgate.plan import Plan


def compile_pipeline(plan: Plan, spec_sha256: str, path: Path) -> None:
    """Write the compiled pipeline; an existing file is replaced whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder; name a file in it")
    partial = path.with_name(f".{path.stem}.partial.yaml")
    try:
        partial.touch()
        Compiler().compile(root_pipeline(plan, spec_sha256), str(partial))
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; choose another place") from error
    finally:
        # A file system that cannot be written refuses even to unlink what is not there.
        with suppress(OSError):
            partial.unlink(missing_ok=True)
