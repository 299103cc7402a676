"""Fixtures that run the command in a separate process, as a user does."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

QUANTGATE = Path(sys.executable).parent / "quantgate"
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def command_server(request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[str]"]:
    """A process that runs commands one by one (`command_server.py`)."""
    command = [sys.executable, Path(__file__).with_name("command_server.py")]
    if "not tensorflow" not in request.config.option.markexpr:
        command.append("--with-tensorflow")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        yield server


@pytest.fixture(scope="session")
def state(make_once: Callable[..., Path]) -> dict[str, str]:
    """The variables that give all commands one cache."""
    folder = str(make_once("state", lambda folder: None))
    return {"XDG_STATE_HOME": folder, "XDG_CACHE_HOME": folder}


@pytest.fixture(scope="session")
def quantgate(
    command_server: "subprocess.Popen[str]",
    state: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Command:
    """Run `quantgate ARGUMENTS`, with folder and time limit as keywords. All share one cache."""
    requests, answers = command_server.stdin, command_server.stdout
    assert requests and answers

    def run(
        *arguments: object, cwd: Path | None = None, timeout: int = 300
    ) -> "subprocess.CompletedProcess[str]":
        streams = [tmp_path_factory.mktemp("streams") / name for name in ("stdout", "stderr")]
        command = list(map(str, [QUANTGATE, *arguments]))
        request = {
            "arguments": command,
            "cwd": str(cwd or Path.cwd()),
            "env": {**os.environ, **state, "COLUMNS": "120"},
            "streams": list(map(str, streams)),
            "timeout": timeout,
        }
        print(json.dumps(request), file=requests, flush=True)
        code = int(answers.readline())
        return subprocess.CompletedProcess(command, code, *(each.read_text() for each in streams))

    return run


@pytest.fixture(scope="session")
def demo(quantgate: Command, make_once: Callable[..., Path]) -> Path:
    """Folder of a demo that has run, for reading: saved_model, data, quantgate.yaml, runs."""

    def make(folder: Path) -> None:
        done = quantgate("demo", folder)
        assert done.returncode == 0, done.stdout + done.stderr
        (folder / "demo.out").write_text(done.stdout)

    return make_once("digits demo", make)


@pytest.fixture(scope="session")
def make_digits(demo: Path) -> Callable[[Path], object]:
    """Copy the files of the demo, which are in the cache."""
    made_by_a_run = shutil.ignore_patterns("runs", "promoted", "demo.out")
    return lambda folder: shutil.copytree(demo, folder, ignore=made_by_a_run)


@pytest.fixture
def example(copy_of_the_demo: Callable[[Path], Path], tmp_path: Path) -> Path:
    """A copy of the demo's inputs to break, with two quick candidates and no limit on latency."""
    return copy_of_the_demo(tmp_path / "example")


@pytest.fixture(scope="session")
def copy_of_the_demo(demo: Path) -> Callable[[Path], Path]:
    """Write the files of `example` to a new folder, and return the folder."""
    return lambda folder: _copy_for_two_candidates(demo, folder)


def _copy_for_two_candidates(demo: Path, folder: Path) -> Path:
    folder.mkdir()
    for name in ("calibration.npz", "evaluation.npz", "quantgate.yaml"):
        shutil.copy(demo / name, folder / name)
    shutil.copytree(demo / "saved_model", folder / "saved_model")
    spec = folder / "quantgate.yaml"
    text = spec.read_text().replace("modes: auto", "modes: [dynamic_range, integer_only_int8]")
    spec.write_text(text.replace("  latency_p50_ms: {max_ratio: 4}\n", ""))
    return folder


@pytest.fixture
def tiny(make_once: Callable[..., Path], tmp_path: Path) -> Path:
    """The spec of a float .tflite, with the files that it names beside it."""
    make = [sys.executable, Path(__file__).with_name("tiny_tflite.py")]
    made = make_once("tiny", lambda folder: subprocess.run([*make, folder], check=True))
    return Path(shutil.copytree(made, tmp_path / "tiny")) / "spec.yaml"


@pytest.fixture
def tiny_pair(tiny: Path) -> Path:
    """The same spec with two candidates, one of which needs ranges."""
    recipes = "quantize: {recipes: [dynamic_wi8_afp32, static_wi8_ai8]}"
    tiny.write_text(f"{tiny.read_text()}{recipes}\n")
    return tiny
