"""The supported minor versions of kfp are those of the tests."""

import re
from importlib import metadata
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = sorted((ROOT / "tests" / "pipelines" / "goldens").glob("*.pipeline.yaml"))
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def minor(version: str) -> tuple[int, int]:
    first, second = version.split(".")[:2]
    return int(first), int(second)


@pytest.mark.parametrize("name", ["kfp", "kfp-kubernetes"])
def test_supported_minor_version_is_the_installed_one(name: str) -> None:
    (claim,) = re.findall(rf'"{name}>=([\d.]+),<([\d.]+)"', PYPROJECT)
    least, below = map(minor, claim)
    (locked,) = re.findall(rf"^{name}==([\d.]+)", LOCK, re.MULTILINE)
    assert minor(locked) == minor(metadata.version(name)) == least
    assert below == (least[0], least[1] + 1)


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.name.partition(".")[0])
def test_goldens_were_compiled_with_the_supported_version(golden: Path) -> None:
    document = next(yaml.load_all(golden.read_text(encoding="utf-8"), yaml.CSafeLoader))
    assert document["sdkVersion"] == f"kfp-{metadata.version('kfp')}"
