"""Whole runs with odd paths, full disks and kills, and runs after them."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from quantgate.records.decision import Decision

pytestmark = pytest.mark.tensorflow

QUANTGATE = Path(sys.executable).parent / "quantgate"
IMPORTS = {"import-model", "import-calibration", "import-evaluation"}


def tasks_of(run: Path) -> list[dict[str, Any]]:
    return json.loads((run / "run.json").read_text())["tasks"]


def ran(run: Path) -> set[str]:
    """Return the titles of the tasks that ran, without imports, which take no time."""
    return {task["title"] for task in tasks_of(run) if not task["cached"]} - IMPORTS


def in_a_namespace(mount: str, command: list[object]) -> "subprocess.CompletedProcess[str]":
    """Run a command with a mount that only it sees."""
    if os.system(f'unshare -rm sh -c "{mount}" 2>/dev/null') != 0:
        pytest.skip("this machine lets nobody mount anything of their own")
    words = " ".join(f'"{word}"' for word in command)
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{mount} && {words}"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_paths_may_have_spaces_and_unicode_and_a_second_run_is_cached(
    example: Path, quantgate, tmp_path: Path
) -> None:
    folder = tmp_path / 'my modèl 模型 (it\'s "v2")'
    example.rename(folder)
    (folder / "saved_model").rename(folder / "saved mödel")
    (folder / "evaluation.npz").rename(folder / "évaluation set.npz")
    spec = folder / "spéc 1.yaml"
    text = (folder / "quantgate.yaml").read_text()
    text = text.replace("saved_model: saved_model", "saved_model: saved mödel")
    spec.write_text(text.replace("evaluation.npz", "évaluation set.npz"))
    runs, cache = folder / "rüns", folder / "the cäche"
    arguments = ("run", spec, "--runs-dir", runs, "--cache-dir", cache)

    first = quantgate(*arguments, "--set", "promote.to=prömoted models")
    assert (first.returncode, first.stderr) == (0, ""), first.stdout
    decided = Decision.read(runs / "digits" / "latest" / "decision.json")
    assert "Convert float32 baseline" in ran(runs / "digits" / "latest")

    shutil.rmtree(folder / "prömoted models")
    again = quantgate(*arguments, "--set", "promote.to=prömoted models")
    assert (again.returncode, again.stderr) == (0, ""), again.stdout
    run = (runs / "digits" / "latest").resolve()
    assert ran(run) == {"Promote winner"}
    assert (folder / "prömoted models" / "latest").is_file()
    assert Decision.read(run / "decision.json") == decided
    assert len(list((cache / "pipelines").iterdir())) == 1


def test_a_read_only_runs_folder_is_refused(example: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    mount = f"mount --bind '{runs}' '{runs}' && mount -o remount,bind,ro '{runs}'"
    done = in_a_namespace(
        mount, [QUANTGATE, "run", example / "quantgate.yaml", "--runs-dir", runs / "here"]
    )
    assert (done.returncode, done.stderr) == (
        2,
        f"error: cannot write the runs folder {runs / 'here'}: Read-only file system. "
        "Choose another one with --runs-dir\n",
    )


def test_a_runs_folder_on_a_full_disk_is_an_error(example: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    done = in_a_namespace(
        f"mount -t tmpfs -o size=40k none '{runs}'",
        [QUANTGATE, "run", example / "quantgate.yaml", "--runs-dir", runs],
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: cannot write {runs}/digits/")
    assert done.stderr.endswith("/pipeline.yaml: No space left on device. Choose another path\n")


class Killed:
    """Runs of one spec with one cache, killed at random moments."""

    def __init__(self, example: Path, folder: Path) -> None:
        self.spec = example / "quantgate.yaml"
        self.runs = folder / "runs"
        self.cache = folder / "cache"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.mark = uuid.uuid4().hex
        self.environment = {
            **os.environ,
            "TMPDIR": str(self.temporary),
            "QUANTGATE_TEST_MARK": self.mark,
        }

    def start(self) -> "subprocess.Popen[str]":
        places = ["--runs-dir", self.runs, "--cache-dir", self.cache]
        return subprocess.Popen(
            [QUANTGATE, "run", self.spec, *places],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def left(self) -> list[str]:
        """Name the processes and temporary files that a killed run has left."""
        leftovers = [str(path) for path in self.temporary.iterdir()]
        for environment in Path("/proc").glob("[0-9]*/environ"):
            try:
                if self.mark.encode() in environment.read_bytes():
                    leftovers.append(str(environment))
            except OSError:
                continue
        return leftovers

    def kill_after(self, seconds: float) -> None:
        process = self.start()
        time.sleep(seconds)
        process.kill()
        process.communicate()

    def wait_until_clean(self) -> None:
        limit = time.monotonic() + 60
        while self.left():
            assert time.monotonic() < limit, self.left()
            time.sleep(0.05)

    def finish(self) -> Decision:
        process = self.start()
        output, errors = process.communicate(timeout=300)
        assert (process.returncode, errors) == (0, ""), output
        return Decision.read(self.runs / "digits" / "latest" / "decision.json")


def without_clock(decision: Decision) -> dict[str, Any]:
    """Return the parts of a decision that two runs must agree on."""
    return {
        "outcome": decision.outcome,
        "winner": decision.winner,
        "provenance": decision.provenance,
        "candidates": {
            entry.name: (entry.status, entry.model_sha256, entry.measurements["top1"])
            for entry in decision.entries
        },
    }


@pytest.mark.slow
def test_a_run_gives_the_same_decision_after_thirty_kills(example: Path, tmp_path: Path) -> None:
    """Every third run starts with an empty cache, and the others with that of the run before."""
    moments = random.Random(30)
    killed = Killed(example, tmp_path)
    expected = without_clock(killed.finish())
    for number in range(30):
        if number % 3 == 0:
            shutil.rmtree(killed.cache, ignore_errors=True)
        killed.kill_after(moments.uniform(0.2, 9.0))
    killed.wait_until_clean()
    kept = {path.name for path in killed.cache.glob("entries/*")}
    assert without_clock(killed.finish()) == expected
    cached = [task for task in tasks_of(killed.runs / "digits" / "latest") if task["cached"]]
    assert len(cached) >= len(kept)
    assert killed.left() == []
