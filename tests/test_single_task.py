"""A spec that cannot run in one task is refused by name, before anything is converted."""

from pathlib import Path

import pytest

from quantgate.errors import SpecError, UsageError
from quantgate.single_task import run_in_one_task

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
    hint = "Write its rules as `rules` of a recipe in the spec"
    assert str(refused.value).splitlines() == [
        "the spec cannot run in one task:",
        "  `quantize.recipes.1.recipe`: mixed.json is a local file, which does not exist in the "
        f"task. {hint}",
        "  `quantize.recipes.2.recipe`: more/other.json is a local file, which does not exist in "
        f"the task. {hint}",
    ]


def test_other_mistakes_are_told_as_in_any_spec(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no recipe `dynamic_wi8`"):
        run("[dynamic_wi8]", tmp_path)
