"""A valid spec to put errors in, and a short form of the problems."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.errors import Problem, SpecError
from quantgate.spec import load

SOUND = """\
version: 1
name: fashion
model: {saved_model: models/fashion}
data:
  calibration: {source: train.npz}
  evaluation: {source: test.npz, label: y}
quantize: {modes: [full_integer, float16]}
measure:
  metrics: [top1, mse]
  latency: {runs: 50}
gate:
  top1: {max_drop: 0.01}
  size_bytes: {max_ratio: 0.5}
choose: [{minimize: size_bytes, within: 5%}]
promote: {to: published}
"""


@pytest.fixture
def sound() -> str:
    """The text of a valid spec."""
    return SOUND


@pytest.fixture
def spec_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], Path]:
    """A function that writes `quantgate.yaml` into an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def write(content: str | bytes) -> Path:
        path = Path("quantgate.yaml")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def refused(spec_file: Callable[[str | bytes], Path]) -> Callable[..., SpecError]:
    """Loads a spec, which must be refused."""

    def attempt(content: str | bytes, *overrides: str) -> SpecError:
        with pytest.raises(SpecError) as caught:
            load(spec_file(content), overrides)
        return caught.value

    return attempt


@pytest.fixture
def complaints(refused: Callable[..., SpecError]) -> Callable[..., list[str]]:
    """Loads a spec, which must be refused, and gives each problem in a line."""

    def attempt(content: str | bytes, *overrides: str) -> list[str]:
        return [in_a_line(problem) for problem in refused(content, *overrides).problems]

    return attempt


def in_a_line(problem: Problem) -> str:
    """`line:column message -> hint`."""
    place = f"--set {problem.override}" if problem.override else f"{problem.line}:{problem.column}"
    return f"{place} {problem.message} -> {problem.hint}"


@pytest.fixture
def mistaken(sound: str, complaints: Callable[..., list[str]]) -> Callable[[str, str], list[str]]:
    """Replaces a piece of the sound spec, and gives each problem in a line."""

    def attempt(old: str, new: str) -> list[str]:
        assert sound.count(old) == 1
        return complaints(sound.replace(old, new))

    return attempt
