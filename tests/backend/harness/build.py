"""Build the requirements of the tests: KFP's programs by version, and an ML Metadata environment.

Everything is kept in `.backend/` of the checkout, or where QUANTGATE_BACKEND_CACHE names.
"""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
SOURCES = Path(__file__).resolve().parents[1] / "kfp"
VERSIONS = ("2.14", "2.15", "2.16", "2.17")
COMMANDS = (
    "./apiserver",
    "github.com/kubeflow/pipelines/backend/src/v2/cmd/driver",
    "github.com/kubeflow/pipelines/backend/src/v2/cmd/launcher-v2",
)
METADATA = "ml-metadata==1.17.1"
METADATA_PYTHONS = ("python3.11", "python3.10")


class Unavailable(Exception):
    """A missing program, and the way to install it by hand."""


@dataclass(frozen=True)
class Built:
    """Programs of one backend version."""

    version: str
    programs: Path
    metadata_python: Path


def cache() -> Path:
    """Return the folder of the built programs."""
    named = os.environ.get("QUANTGATE_BACKEND_CACHE")
    return Path(named) if named else CHECKOUT / ".backend"


def build(version: str) -> Built:
    """Build one version's programs, unless they are there.

    Raises:
        Unavailable: a tool or module is missing, or does not build.
    """
    return Built(version, _programs(version), _metadata_python())


def _programs(version: str) -> Path:
    folder, digest = cache() / version, _digest(version)
    stamp = folder / "sources.sha256"
    if stamp.is_file() and stamp.read_text() == digest:
        return folder
    go = _tool("go", "https://go.dev/doc/install, or: sudo apt-get install golang-go")
    _tool("gcc", "sudo apt-get install gcc")
    folder.mkdir(parents=True, exist_ok=True)
    command = [go, "build", "-trimpath", f"-modfile=kfp-{version}.mod", "-o", f"{folder}/"]
    built = subprocess.run([*command, *COMMANDS], cwd=SOURCES, capture_output=True, text=True)
    if built.returncode:
        raise Unavailable(f"the programs of KFP {version} cannot be built:\n{built.stderr}")
    stamp.write_text(digest)
    return folder


def _digest(version: str) -> str:
    """Return a hash of the sources of a version's programs."""
    sources = [*SOURCES.glob(f"kfp-{version}.*"), *SOURCES.glob("*/*.go")]
    content = b"".join(source.read_bytes() for source in sorted(sources))
    return hashlib.sha256(content).hexdigest()


def _tool(name: str, way: str) -> str:
    if (path := shutil.which(name)) is None:
        raise Unavailable(f"{name} is not installed, which builds KFP's own programs: {way}")
    return path


def _metadata_python() -> Path:
    folder = cache() / "mlmd"
    python = folder / "bin" / "python"
    if (folder / "installed").is_file():
        return python
    base = next((path for name in METADATA_PYTHONS if (path := shutil.which(name))), None)
    if base is None:
        raise Unavailable(
            f"{METADATA} needs Python 3.10 or 3.11, and neither is installed: "
            "sudo apt-get install python3.11-venv, or: uv python install 3.11"
        )
    for command in (
        [base, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", METADATA],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"{METADATA} cannot be installed:\n{done.stderr}")
    (folder / "installed").touch()
    return python
