"""Compile a plan into IR. The same plan always gives the same bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kfp.compiler import Compiler

from quantgate.errors import PipelineError, UsageError
from quantgate.foundation.files import replacing
from quantgate.foundation.pipeline_file import read_pipeline_file
from quantgate.foundation.sentences import capitalized
from quantgate.pipelines.graph.root import root_pipeline
from quantgate.pipelines.lint.lint import lint
from quantgate.planning.plan import Plan

_SIZES = ("pipeline-size", "argument-size")
_SMALLER = "\nA spec with fewer candidates or shorter lists compiles into a smaller pipeline"


def compile_pipeline(plan: Plan, spec_sha256: str, path: Path) -> None:
    """Write the compiled pipeline. An existing file is replaced in one step.

    Raises:
        UsageError: the file cannot be written.
        PipelineError: no cluster would run the pipeline. The message lists the reasons.
    """
    with replaced_whole(path, plan.spec.name) as partial:
        Compiler().compile(root_pipeline(plan, spec_sha256), str(partial))


@contextmanager
def replaced_whole(path: Path, name: str) -> Iterator[Path]:
    """Yield a path for a new pipeline, which replaces a file if a cluster would run it.

    Raises:
        UsageError: the file cannot be written.
        PipelineError: the linter finds errors in it.
    """
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder. Name a file in it")
    try:
        with replacing(path, ".yaml") as partial:
            partial.touch()
            yield partial
            _refuse_errors(partial, name)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}. Choose another path") from error


def _refuse_errors(path: Path, name: str) -> None:
    findings = lint(read_pipeline_file(path))
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        listed = "\n".join(
            f"  {error.place}: {error.message}. {capitalized(error.advice)} ({error.rule})"
            for error in errors
        )
        hint = _SMALLER if any(error.rule in _SIZES for error in errors) else ""
        raise PipelineError(f"a cluster would not run the pipeline of {name}:\n{listed}{hint}")
