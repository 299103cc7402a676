"""Models that are mapped into memory instead of read."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quantgate.components.litert.flatbuffer import Content, MappedFile, mapped
from quantgate.components.litert.loading import loaded
from quantgate.components.litert.normalization import normalized
from quantgate.components.processes.isolation import ResourceLimits, run_isolated

FACTORS = [2.0, 3.0, -0.5]


@pytest.fixture
def model(scaled_model: Callable[..., str]) -> str:
    return scaled_model("scaled", FACTORS)


def outputs_of(content: Content) -> list[float]:
    values = loaded(content).get_signature_runner()(x=np.ones((1, 3), np.float32))["y"]
    return values[0].tolist()


def test_a_mapped_model_computes_as_its_bytes_do(model: str) -> None:
    assert outputs_of(mapped(model)) == outputs_of(Path(model).read_bytes()) == FACTORS


def test_the_form_of_a_mapped_model_is_that_of_its_bytes(model: str) -> None:
    content = mapped(model)
    assert normalized(content) is content
    assert bytes(content) == Path(model).read_bytes()


def test_a_mapped_model_comes_back_from_a_child_by_its_path(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(model).parent)
    content = mapped(Path(model).name)
    monkeypatch.chdir(os.sep)
    returned = run_isolated(lambda: content, limits=ResourceLimits(timeout_s=30))
    assert isinstance(returned, MappedFile)
    assert returned.path == model
    assert returned is not content
    assert bytes(returned) == Path(model).read_bytes()


def test_an_empty_model_has_no_bytes(tmp_path: Path) -> None:
    empty = tmp_path / "empty.tflite"
    empty.touch()
    assert mapped(empty) == b""
