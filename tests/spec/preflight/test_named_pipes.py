"""Named pipes as inputs are refused at once, and very long specs too."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.cli import main

QUICK_S = 60


@pytest.fixture
def validated(spec_file, capsys) -> Callable[[str], str]:
    """Validate a spec, which has to end soon, and return the errors."""

    def run(content: str) -> str:
        began = time.monotonic()
        assert main(["validate", str(spec_file(content))]) == 3
        assert time.monotonic() - began < QUICK_S
        return capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("old", "path"),
    [
        ("saved_model: models/fashion", "model.saved_model"),
        ("saved_model: models/fashion", "model.keras"),
        ("source: train.npz", "data.calibration.source"),
        ("source: test.npz", "data.evaluation.source"),
        ("to: published", "promote.to"),
    ],
)
def test_a_named_pipe_is_refused(validated, tmp_path: Path, sound: str, old: str, path: str):
    os.mkfifo(tmp_path / "pipe.npz")
    key = path.rpartition(".")[2]
    errors = validated(sound.replace(old, f"{key}: pipe.npz"))
    assert f"`{path}` is a named pipe: {tmp_path}/pipe.npz\n" in errors
    assert "Name a file or folder.\n" in errors


@pytest.mark.parametrize("name", ["x.npy", "cat/1.png", "saved_model.pb"])
def test_a_named_pipe_in_a_folder_is_refused(validated, tmp_path: Path, sound: str, name: str):
    pipe = tmp_path / "folder" / name
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    for old in ("models/fashion", "test.npz"):
        errors = validated(sound.replace(old, "folder"))
        assert f"has a named pipe in it: {pipe}\n" in errors


def test_a_named_pipe_as_code_is_refused(validated, tmp_path: Path, sound: str):
    os.mkfifo(tmp_path / "pipe.py")
    used = sound.replace("source: test.npz", "source: 'pipe:samples'")
    errors = validated(used + "code: pipe.py\n")
    assert f"`code.file` is a named pipe: {tmp_path}/pipe.py\n" in errors


@pytest.mark.parametrize("verb", ["validate", "run", "lint"])
def test_a_named_pipe_as_a_file_of_the_command_is_refused(tmp_path: Path, capsys, verb: str):
    os.mkfifo(tmp_path / "pipe")
    assert main([verb, str(tmp_path / "pipe")]) == 2
    assert "is a named pipe. " in capsys.readouterr().err


def test_a_spec_from_a_shells_pipe_is_read(sound: str, capsys):
    ends = os.pipe()
    os.write(ends[1], sound.encode())
    os.close(ends[1])
    assert main(["validate", f"/dev/fd/{ends[0]}"]) == 3
    os.close(ends[0])
    assert "`model.saved_model` does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["x: 1\n", "://a:b", "[", "a: &a [*a, *a]\n"])
def test_a_very_long_spec_is_refused_soon(validated, text: str):
    errors = validated(text * (100_000_000 // len(text)))
    assert "the file is larger than 1 MiB, so it is not a spec" in errors


def test_a_long_spec_below_the_limit_is_read_soon(validated, sound: str):
    assert "3 problems" in validated(sound + "# " + "://a:b" * 170_000 + "\n")
