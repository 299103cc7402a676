"""The contents of the images: the lock's versions, nothing unneeded, and no privileges."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from quantgate import __version__
from quantgate.components.images import CONVERT, RUNTIME

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
OF_THE_BASE = {"pip", "setuptools", "wheel"}
INSTALLED = """
import json, re
from importlib.metadata import distributions
versions = {d.metadata["Name"]: d.version for d in distributions()}
print(json.dumps({re.sub("[-_.]+", "-", name).lower(): versions[name] for name in versions}))
"""
#: Components that run in the image without TensorFlow.
WORK = [
    path.parent.name
    for path in sorted((ROOT / "components").glob("*/component.py"))
    if "base_image=RUNTIME" in path.read_text(encoding="utf-8")
]


def run(engine: Any, image: str, code: str, **settings: Any) -> str:
    """Return the output of a Python program in a read-only container without a network."""
    told: bytes = engine.containers.run(
        image, ["python3", "-c", code], remove=True, read_only=True, network_mode="none", **settings
    )
    return told.decode()


@pytest.mark.parametrize("image", [RUNTIME, CONVERT])
def test_versions_are_those_of_the_lock(engine: Any, image: str) -> None:
    locked = _locked()
    installed: dict[str, str] = json.loads(run(engine, image, INSTALLED))
    others = {name: version for name, version in installed.items() if (name, version) not in locked}
    assert others.pop("quantgate") == __version__
    assert others.keys() <= OF_THE_BASE
    assert len(installed) > 20


def _locked() -> set[tuple[str, str]]:
    """Return pairs of a name and a version. Some have several, for different Pythons."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9.-]+)(?:\[.*\])?==([^ \\;]+)", lock, re.MULTILINE))


@pytest.mark.parametrize("image", [RUNTIME, CONVERT])
def test_images_have_labels_and_an_unprivileged_user(engine: Any, image: str) -> None:
    facts = engine.images.get(image).attrs["Config"]
    labels = facts["Labels"]
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert "org.opencontainers.image.source" in labels
    assert facts["User"] == "65532:65532"


def test_the_runtime_has_no_tensorflow(engine: Any) -> None:
    assert "tensorflow" not in json.loads(run(engine, RUNTIME, INSTALLED))


def test_everything_that_runs_in_the_image_can_be_imported(engine: Any) -> None:
    """The parts that were stripped from libraries are not needed."""
    modules = [f"quantgate.components.{name}.work" for name in WORK]
    libraries = ["matplotlib.pyplot", "pyarrow.csv", "pyarrow.parquet", "google.cloud.storage"]
    libraries += ["sklearn.metrics", "scipy.ndimage", "PIL.Image", "pycocotools.cocoeval"]
    code = (
        f"import importlib\nfor name in {modules + libraries}:\n    importlib.import_module(name)"
    )
    run(engine, RUNTIME, code, tmpfs={"/tmp": ""})


def test_bytecode_is_compiled_in_advance(engine: Any) -> None:
    code = "import sklearn.metrics as m, os; print(os.path.isfile(m.__cached__))"
    assert run(engine, RUNTIME, code) == "True\n"
