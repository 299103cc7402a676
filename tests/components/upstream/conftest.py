"""The component for kubeflow/pipelines-components, run as a pod runs it, from a wheel."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kfp import compiler

from quantgate.components.upstream.quantize_to_litert import quantize_to_litert
from quantgate.foundation.pipeline_file import read_pipeline_file

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ("src", "components", "local_runner", "pipelines")
MODEL = """\
import sys
import numpy as np
from quantgate.components.conversion.lean_tensorflow import tf

class Nearest(tf.Module):
    def __init__(self, centres):
        self.weights = tf.Variable(centres.T)
        self.bias = tf.Variable(-(centres**2).sum(axis=1) / 2)

    @tf.function(input_signature=[tf.TensorSpec([None, 40], tf.float32, name="x")])
    def serve(self, x):
        return {"logits": tf.matmul(x, self.weights) + self.bias}

made = Nearest(np.load(sys.argv[1])["centres"])
tf.saved_model.save(made, sys.argv[2], signatures={"serving_default": made.serve})
"""


@dataclass(frozen=True)
class Ended:
    """The end of the component's container, and the folder of its outputs."""

    code: int
    log: str
    outputs: Path

    @property
    def written(self) -> dict[str, Any]:
        """The output of KFP's executor for its launcher."""
        content = json.loads((self.outputs / "output.json").read_text())
        assert isinstance(content, dict)
        return content


Pod = Callable[..., Ended]


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in SHIPPED:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    build = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    subprocess.run([sys.executable, "-m", "pip", *build, source], check=True)
    return folder


@pytest.fixture(scope="session")
def fresh_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment that sees this one's packages, and not quantgate."""
    folder = tmp_path_factory.mktemp("python")
    packages = folder / "packages"
    packages.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "quantgate" not in entry.name:
            (packages / entry.name).symlink_to(entry)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "packages.pth").write_text(f"{packages}\n")
    return folder / "venv"


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Artifacts named as those of a pipeline are, without suffixes."""
    folder = tmp_path_factory.mktemp("data")
    draw = np.random.default_rng(3)
    centres = draw.normal(size=(3, 40)).astype("float32")
    places = {"model": folder / "model"}
    for name, count in (("calibration", 60), ("evaluation", 90)):
        labels = np.arange(count) % 3
        x = centres[labels] + draw.normal(scale=0.4, size=(count, 40)).astype("float32")
        places[name] = folder / name
        with places[name].open("wb") as file:
            np.savez(file, x=x.astype("float32"), y=labels)
    np.savez(folder / "centres.npz", centres=centres)
    make = [sys.executable, "-c", MODEL, folder / "centres.npz", places["model"]]
    subprocess.run(make, check=True, capture_output=True)
    return places


@pytest.fixture
def pod(wheelhouse: Path, fresh_python: Path, tmp_path: Path) -> Pod:
    """Run the container of the compiled component. Pip installs the wheel, not from an index."""

    def run(spec: str, **artifacts: Path) -> Ended:
        compiler.Compiler().compile(quantize_to_litert, str(tmp_path / "component.yaml"))
        document = read_pipeline_file(tmp_path / "component.yaml").document
        (executor,) = document["deploymentSpec"]["executors"].values()
        container, outputs = executor["container"], tmp_path / "outputs"
        handed = json.dumps(_executor_input(spec, artifacts, outputs))
        done = subprocess.run(
            [
                *container["command"],
                *(argument.replace("{{$}}", handed) for argument in container["args"]),
            ],
            env={
                "HOME": str(tmp_path),
                "PATH": f"{fresh_python / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "PIP_FIND_LINKS": str(wheelhouse),
                "PIP_NO_INDEX": "1",
                "TF_CPP_MIN_LOG_LEVEL": "2",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Ended(done.returncode, done.stdout, outputs)

    return run


def _executor_input(spec: str, artifacts: Mapping[str, Path], outputs: Path) -> dict[str, Any]:
    kinds = {"winner": "Model", "decision": "Artifact", "report": "Markdown", "metrics": "Metrics"}
    given = {
        name: _artifact(name, place, "Model" if name == "model" else "Dataset")
        for name, place in artifacts.items()
    }
    made = {name: _artifact(name, outputs / name, kind) for name, kind in kinds.items()}
    return {
        "inputs": {"parameterValues": {"spec": spec}, "artifacts": given},
        "outputs": {
            "artifacts": made,
            "parameters": {"qualified": {"outputFile": str(outputs / "qualified")}},
            "outputFile": str(outputs / "output.json"),
        },
    }


def _artifact(name: str, place: Path, kind: str) -> dict[str, Any]:
    described = {"name": name, "uri": str(place), "type": {"schemaTitle": f"system.{kind}"}}
    return {"artifacts": [{**described, "metadata": {}}]}
