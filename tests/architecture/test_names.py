"""Names of rules, modes, figures and targets are written in their tables and nowhere else."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from quantgate.domain.figures import FIGURES
from quantgate.domain.hardware import HARDWARE, HardwareName
from quantgate.domain.modes import MODES
from quantgate.domain.rules import RULES
from quantgate.domain.targets import TARGETS, TargetName

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "src" / "quantgate" / "domain"
PACKAGES = (ROOT / "src" / "quantgate", ROOT / "components", ROOT / "pipelines")
#: Names of dtypes and of Kubernetes' resources too, and so of no use to this test.
AMBIGUOUS = {"cpu", "float16", "float32"}
NAMES = {*RULES, *MODES, *FIGURES, *TARGETS, *HARDWARE} - AMBIGUOUS
#: Code that computes a figure and says which.
COMPUTING = {
    "components/evaluate/guesses.py",
    "components/evaluate/metrics.py",
    "components/evaluate/planning.py",
    "components/measure_targets/edge_tpu.py",
    "components/measure_targets/ethos_u.py",
    "components/measure_targets/gpu.py",
    "components/measure_targets/microcontroller.py",
    "components/measure_targets/work.py",
}
#: The same words with another meaning, by file.
OTHERWISE = {
    # The extras of `pip install quantgate[...]`.
    "src/quantgate/foundation/extras.py": {"ethos_u", "microcontroller"},
    # A row's title in a table about a trial run.
    "src/quantgate/report/inspection.py": {"agreement"},
}


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (path for path in sorted(package.rglob("*.py")) if TABLES not in path.parents)


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and value in NAMES}


def place_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_names_are_taken_from_their_tables() -> None:
    repeated = {
        place_of(path): names
        for path in modules()
        if place_of(path) not in COMPUTING
        if (names := names_in(path) - OTHERWISE.get(place_of(path), set()))
    }
    assert repeated == {}


@pytest.mark.parametrize("place", sorted([*COMPUTING, *OTHERWISE]))
def test_every_exception_is_needed(place: str) -> None:
    assert names_in(ROOT / place) >= (OTHERWISE.get(place) or set())
    assert names_in(ROOT / place)


def test_type_checkers_know_all_names_of_hardware_and_targets() -> None:
    assert get_args(HardwareName) == tuple(HARDWARE)
    assert get_args(TargetName) == tuple(TARGETS)
