"""Fixtures that read pipelines which must be refused."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from quantgate.errors import PipelineError
from quantgate.local_runner import read_pipeline

sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture
def refusal() -> Callable[[Path], str]:
    """Return the message that a file is refused with."""

    def read(path: Path) -> str:
        with pytest.raises(PipelineError) as caught:
            read_pipeline(path)
        return str(caught.value)

    return read


@pytest.fixture
def edited(refusal: Callable[[Path], str]) -> Callable[..., str]:
    """Change the document of a pipeline, and return the message that it is refused with."""

    def edit(path: Path, change: Callable[[Any], object]) -> str:
        document = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        change(document)
        path.write_text(yaml.safe_dump(document), "utf-8")
        return refusal(path)

    return edit
