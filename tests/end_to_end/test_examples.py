"""The example specs run on the demo's files, and the README's spec and commands are valid."""

import re
import shutil
from pathlib import Path

import pytest

from quantgate.records.decision import Decision
from quantgate.spec import load

ROOT = Path(__file__).resolve().parents[2]
#: The examples without a cluster. `tests/backend` runs the others.
ON_THIS_MACHINE = [
    path.stem
    for path in sorted((ROOT / "specs").glob("*.yaml"))
    if "gs://" not in path.read_text(encoding="utf-8")
]
WINNERS = {
    "ethos-u": "integer_only_int8",
    "float16-gpu": "float_casting",
    "integer-only-microcontroller": "integer_only_int8",
    "smallest-on-cpu": "dynamic_wi8_afp32",
}


def test_every_expected_winner_belongs_to_an_example() -> None:
    assert WINNERS.keys() <= set(ON_THIS_MACHINE)


@pytest.mark.tensorflow
@pytest.mark.parametrize("story", ON_THIS_MACHINE)
def test_an_example_runs_and_has_its_expected_winner(
    story: str, examples: Path, quantgate, tmp_path: Path
) -> None:
    done = quantgate("run", examples / f"{story}.yaml", "--runs-dir", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    decision = Decision.read(tmp_path / story / "latest" / "decision.json")
    assert decision.winner == WINNERS.get(story, decision.winner)
    # Recovery and the search may find nothing better, and their candidates have no model then.
    assert {entry.status for entry in decision.candidates} - {"unchanged"} == {"measured"}


@pytest.mark.tensorflow
def test_the_output_of_vela_is_kept_and_published_with_the_winner(
    demo: Path, quantgate, tmp_path: Path
) -> None:
    (tmp_path / "specs").mkdir()
    copy = Path(shutil.copy(ROOT / "specs" / "ethos-u.yaml", tmp_path / "specs"))
    copy.write_text(copy.read_text() + "\npromote: {to: ../published}\n")
    (tmp_path / "quantgate-demo").symlink_to(demo)
    done = quantgate("run", copy, "--runs-dir", tmp_path / "runs")
    assert done.returncode == 0, done.stdout + done.stderr
    run = tmp_path / "runs" / "ethos-u" / "latest"
    compiled = (run / "winner" / "ethos_u.tflite").read_bytes()
    assert b"ethos-u" in compiled
    (published,) = (tmp_path / "published").glob("*/ethos_u.tflite")
    assert published.read_bytes() == compiled

    by_hand = quantgate("promote", run, "--to", tmp_path / "by-hand")
    assert by_hand.returncode == 0, by_hand.stderr
    (published,) = (tmp_path / "by-hand").glob("*/ethos_u.tflite")
    assert published.read_bytes() == compiled


def prose() -> str:
    """Return the README and the pages that it names."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return "".join(page.read_text(encoding="utf-8") for page in pages)


def test_the_spec_in_the_readme_is_valid(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(version: 1\n.*?)```", prose(), re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        spec = tmp_path / f"{number}.yaml"
        spec.write_text(block, encoding="utf-8")
        load(spec)


def test_the_verbs_in_the_readme_exist(quantgate) -> None:
    verbs = set(re.findall(r"(?:^ {4}|`)quantgate ([a-z]+)", prose(), re.MULTILINE))
    shown = quantgate("--help").stdout
    assert {"init", "validate", "plan", "run", "show", "compile"} <= verbs
    for verb in verbs:
        assert re.search(rf"^    {verb}\s", shown, re.MULTILINE), verb
