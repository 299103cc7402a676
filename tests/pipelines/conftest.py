"""Fixtures for tests of the linter."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kfp import compiler

from quantgate.foundation.pipeline_file import read_pipeline_file
from quantgate.pipelines.lint.lint import Finding, lint


@pytest.fixture
def findings(tmp_path: Path) -> Callable[[Any], list[Finding]]:
    """Return a function that compiles a pipeline and lints the file."""

    def compile_and_lint(pipeline: Any) -> list[Finding]:
        path = tmp_path / "pipeline.yaml"
        compiler.Compiler().compile(pipeline, str(path))
        return lint(read_pipeline_file(path))

    return compile_and_lint
