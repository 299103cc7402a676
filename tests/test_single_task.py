"""A spec in one task: recipes in files travel as text, and other local files are refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from quantgate import self_contained
from quantgate.errors import SpecError, UsageError
from quantgate.records.decision import Decision
from quantgate.single_task import run_in_one_task
from quantgate.spec import load

MAKE = Path(__file__).with_name("end_to_end") / "tiny_tflite.py"

SPEC = """\
version: 1
name: digits
model: {{tflite: digits.tflite}}
data: {{evaluation: {{source: test.npz, label: y}}}}
quantize: {{recipes: {recipes}}}
measure: {{metrics: [top1], latency: null}}
gate: {{top1: {{max_drop: 0.1}}}}
"""


def run(recipes: str, folder: Path) -> None:
    run_in_one_task(
        SPEC.format(recipes=recipes),
        model=str(folder),
        calibration=None,
        evaluation=None,
        winner_path=str(folder / "winner"),
        decision_path=str(folder / "decision"),
        report_path=str(folder / "report"),
    )


def test_recipe_files_do_not_exist_in_the_task(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        run("[dynamic_wi8_afp32, mixed.json, {recipe: more/other.json}]", tmp_path)
    hint = "Pass the spec as `quantgate.self_contained(PATH)` returns it"
    assert str(refused.value).splitlines() == [
        "the spec cannot run in one task:",
        "  `quantize.recipes.1.recipe`: mixed.json is a local file, which does not exist in the "
        f"task. {hint}",
        "  `quantize.recipes.2.recipe`: more/other.json is a local file, which does not exist in "
        f"the task. {hint}",
    ]


def test_other_mistakes_are_reported_as_in_any_spec(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no recipe `dynamic_wi8`"):
        run("[dynamic_wi8]", tmp_path)


RULE = {
    "regex": ".*",
    "operation": "FULLY_CONNECTED",
    "algorithm_key": "min_max_uniform_quantize",
    "op_config": {
        "weight_tensor_config": {"num_bits": 8, "granularity": "CHANNELWISE"},
        "compute_precision": "INTEGER",
    },
}


def test_a_self_contained_spec_runs_without_the_files_of_its_recipes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, MAKE, tmp_path], check=True)
    written = tmp_path / "spec.yaml"
    content = yaml.safe_load(written.read_text())
    content["quantize"] = {"recipes": ["mixed.json", {"recipe": "mixed.json", "name": "named"}]}
    content["measure"]["latency"] = None
    del content["promote"]
    written.write_text(yaml.safe_dump(content))
    (tmp_path / "mixed.json").write_text(json.dumps([RULE]))
    text, sha256 = self_contained(written), load(written).sha256
    (tmp_path / "mixed.json").unlink()
    written.write_text(text)
    assert load(written).sha256 == sha256
    outcome = run_in_one_task(
        text,
        model=str(tmp_path / "tiny.tflite"),
        calibration=str(tmp_path / "calibration.npz"),
        evaluation=str(tmp_path / "evaluation.npz"),
        winner_path=str(tmp_path / "winner"),
        decision_path=str(tmp_path / "decision"),
        report_path=str(tmp_path / "report"),
    )
    decision = Decision.read(tmp_path / "decision")
    assert outcome.qualified
    assert [entry.name for entry in decision.candidates] == ["mixed", "named"]
    assert decision.candidates[0].measurements["size_bytes"] < 12_000


def test_content_is_for_recipes_in_files_only(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="has a `content`, but `dynamic_wi8_afp32` is not a file"):
        run("[{recipe: dynamic_wi8_afp32, content: '[]'}]", tmp_path)
