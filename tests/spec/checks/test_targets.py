"""`measure.targets` in a spec: names, options, their metrics, and refused values."""

from pathlib import Path

import pytest

from quantgate.errors import SpecError
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import tasks_of
from quantgate.spec import load
from quantgate.spec.model.metric import Metric, figures_of_metrics
from quantgate.spec.model.target import MeasuredTarget

SPEC = """\
version: 1
name: digits
model: {{saved_model: model}}
data: {{calibration: {{source: train.npz}}, evaluation: {{source: test.npz, label: y}}}}
measure:
  metrics: [top1]
  targets: {targets}
gate: {gate}
choose: [{{{choose}}}]
"""


def problems(tmp_path: Path, targets: str, gate: str, choose: str, spec: str = SPEC) -> list[str]:
    path = tmp_path / "spec.yaml"
    path.write_text(spec.format(targets=targets, gate=gate, choose=choose))
    try:
        load(path)
    except SpecError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        return [line for line in lines if line and "|" not in line]
    return []


def check(tmp_path: Path, targets: str, *expected: str) -> None:
    lines = problems(tmp_path, targets, "{size_bytes: {max: 9}}", "minimize: size_bytes")
    for sentence in expected:
        assert any(sentence in line for line in lines), lines
    assert bool(lines) == bool(expected), lines


def test_targets_by_name_and_with_options(tmp_path: Path) -> None:
    check(tmp_path, "[microcontroller, edge_tpu, gpu]")
    check(tmp_path, "[{target: ethos_u, accelerator: ethos-u65-256, memory_mode: Dedicated_Sram}]")


@pytest.mark.parametrize(
    ("targets", "sentences"),
    [
        ("[microcontroler]", ["`measure.targets.0` must be", "Did you mean `microcontroller`?"]),
        ("[gpu, gpu]", ["`gpu` is measured already"]),
        (
            "[ethos_u]",
            [
                "`measure.targets.0` needs the key `accelerator`",
                "Write for example `{target: ethos_u, accelerator: ethos-u55-128}`.",
            ],
        ),
        (
            "[{target: ethos_u, accelerator: ethos-u55-127}]",
            ["`measure.targets.0.accelerator` must be", "Did you mean `ethos-u55-128`?"],
        ),
        (
            "[{target: edge_tpu, tolerance: 0.1}]",
            ["`edge_tpu` takes no `tolerance`", "Only `microcontroller` and `gpu` do. Remove it."],
        ),
        (
            "[{target: microcontroller, tolerance: 0}]",
            ["`measure.targets.0.tolerance` must be above 0"],
        ),
        (
            "[{target: gpu, accelerator: ethos-u55-128}]",
            ["`gpu` takes no `accelerator`", "Only `ethos_u` does. Remove it."],
        ),
        (
            "[{target: ethos_u, accelerator: ethos-u55-128, system_config: Ethos_U65_High_End}]",
            [
                "`Ethos_U65_High_End` is not a system with an ethos-u55-128",
                "Name a system with a U55, or remove it.",
            ],
        ),
        (
            "[{target: ethos_u, accelerator: ethos-u55-128, memory_mode: Dedicated_Sram}]",
            [
                "`Dedicated_Sram` keeps tensors in DRAM, but `Ethos_U55_High_End_Embedded` has "
                "none",
                "Use `Shared_Sram` or `Sram_Only`.",
            ],
        ),
    ],
)
def test_invalid_targets_are_refused(tmp_path: Path, targets: str, sentences: list[str]) -> None:
    check(tmp_path, targets, *sentences)


@pytest.mark.parametrize(
    ("gate", "sentences"),
    [
        ("{mcu_arena_bytes: {max: 65536}, mcu_runs: {min: 1}}", []),
        (
            "{mcu_arena_bytes: {max_ratio: 0.5}}",
            [
                "`max_ratio` needs the baseline's `mcu_arena_bytes`, but only candidates are "
                "measured on targets",
                "Use `max`.",
            ],
        ),
        (
            "{mcu_equal_share: {max_drop: 0.5}}",
            ["`max_drop` needs the baseline's `mcu_equal_share`", "Use `min`."],
        ),
        (
            "{mcu_arena_bytes: {min: 5}}",
            ["`min` does not fit `mcu_arena_bytes`, as lower values are better"],
        ),
        (
            "{ethos_u_cycles: {max: 5}}",
            [
                "`ethos_u_cycles` is not measured",
                "Add `ethos_u` to `measure.targets`, or remove this.",
            ],
        ),
        (
            "{mcu_arena_bytes: {max: 9, confidence: 0.9}}",
            ["`mcu_arena_bytes` has no value for each sample, so it takes no `confidence`"],
        ),
    ],
)
def test_invalid_limits_on_metrics_of_targets_are_refused(
    tmp_path: Path, gate: str, sentences: list[str]
) -> None:
    lines = problems(tmp_path, "[microcontroller]", gate, "minimize: mcu_arena_bytes")
    assert bool(lines) == bool(sentences), lines
    for sentence in sentences:
        assert any(sentence in line for line in lines), lines


def test_an_objective_on_an_unmeasured_target_is_refused(tmp_path: Path) -> None:
    gate, objective = "{size_bytes: {max: 9}}", "maximize: ethos_u_inferences_per_s"
    assert any(
        "Add `ethos_u` to `measure.targets`" in line
        for line in problems(tmp_path, "[microcontroller]", gate, objective)
    )


def test_defaults_are_those_of_the_accelerators_family() -> None:
    entry = MeasuredTarget(target="ethos_u", accelerator="ethos-u85-512")
    assert entry.options == {
        "accelerator": "ethos-u85-512",
        "system_config": "Ethos_U85_SYS_DRAM_Mid",
        "memory_mode": "Dedicated_Sram_384KB",
    }
    assert MeasuredTarget(target="gpu").options == {}


def test_the_accelerators_and_configurations_are_those_of_vela() -> None:
    """The lists in the spec are Vela's own: its accelerators, and the sections of Arm/vela.ini."""
    import re
    from typing import get_args

    from ethosu.vela import architecture_features as vela

    from quantgate.spec.model.target import Accelerator, MemoryMode, SystemConfig

    text = (Path(vela.CONFIG_FILES_PATH) / "Arm" / "vela.ini").read_text(encoding="utf-8")
    sections = re.findall(r"^\[(\w+)\.(\w+)\]", text, re.MULTILINE)
    assert list(get_args(Accelerator)) == vela.Accelerator.member_list()
    assert list(get_args(SystemConfig)) == [n for kind, n in sections if kind == "System_Config"]
    assert list(get_args(MemoryMode)) == [n for kind, n in sections if kind == "Memory_Mode"]


def test_targets_do_not_change_the_hash_of_a_spec_without_them(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(targets="[]", gate="{top1: {min: 0}}", choose="maximize: top1"))
    with_none = load(path)
    path.write_text(path.read_text().replace("  targets: []\n", ""))
    assert load(path).sha256 == with_none.sha256
    assert "targets" not in load(path).document["measure"]


def test_the_plan_lists_a_task_for_each_candidate(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(targets="[gpu]", gate="{top1: {min: 0}}", choose="maximize: top1"))
    planned = {task.title: task.times for task in tasks_of(make_plan(load(path).spec))}
    assert (planned["Quantize"], planned["Quantize by recipe"]) == (7, 7)
    assert planned["Measure targets"] == planned["Evaluate"] == 14


def test_metrics_have_figures_on_a_microcontroller(tmp_path: Path) -> None:
    gate = "{mcu_top1: {max_drop: 0.01, confidence: 0.95}}"
    assert problems(tmp_path, "[microcontroller]", gate, "maximize: mcu_top1") == []
    spec = load(tmp_path / "spec.yaml").spec
    assert [metric.title for metric in spec.metrics_on_microcontroller] == ["top1"]
    lines = problems(tmp_path, "[gpu]", gate, "minimize: size_bytes")
    assert any("`mcu_top1` is not measured" in line for line in lines)
    assert any("Add `microcontroller` to `measure.targets`, or remove" in line for line in lines)
    (line, *_) = problems(tmp_path, "[microcontroller]", "{mcu_f1: {min: 0}}", "maximize: top1")
    assert "there is no metric `mcu_f1`" in line


def test_only_metrics_of_labels_have_figures_on_a_microcontroller() -> None:
    agreement = Metric(metric="agreement")
    own = Metric(metric="judging:worst", better="higher")
    assert agreement.figure_on_microcontroller is own.figure_on_microcontroller is None
    named = Metric(metric="top1", name="head")
    assert list(figures_of_metrics([agreement, own, named])) == [
        "mcu_head",
        "agreement",
        "worst",
        "head",
    ]


@pytest.mark.parametrize(
    ("metric", "gate", "sentences"),
    [
        (
            "{metric: judging.py:worst, better: higher}",
            "{mcu_worst: {min: 0.5}}",
            ["`mcu_worst` cannot be measured on TFLite Micro", "get the outputs of LiteRT only"],
        ),
        (
            "agreement",
            "{mcu_agreement: {min: 0.5}}",
            ["`mcu_agreement` cannot be measured on TFLite Micro", "It takes no labels."],
        ),
        (
            "{metric: top1, slice: site}",
            "{mcu_top1: {each_slice: {min: 0.5}}}",
            ["`mcu_top1` has no slices", "Limit those of `top1`."],
        ),
    ],
)
def test_what_is_not_measured_on_a_microcontroller_is_refused_by_name(
    tmp_path: Path, metric: str, gate: str, sentences: list[str]
) -> None:
    text = SPEC.replace("[top1]", "[" + metric.replace("{", "{{").replace("}", "}}") + "]")
    lines = problems(tmp_path, "[microcontroller]", gate, "minimize: size_bytes", text)
    assert all(any(sentence in line for line in lines) for sentence in sentences), lines


@pytest.mark.parametrize(
    ("gate", "choose"),
    [
        ("{mcu_top1: {min: 0.5}}", "minimize: size_bytes"),
        ("{top1: {min: 0.5}}", "maximize: mcu_top1"),
    ],
)
def test_a_baseline_that_is_not_measured_cannot_be_kept(
    tmp_path: Path, gate: str, choose: str
) -> None:
    text = SPEC + "\npromote: {{to: out, when_none_qualifies: keep_baseline}}\n"
    lines = problems(tmp_path, "[microcontroller]", gate, choose, text)
    message = "`mcu_top1` and `promote.when_none_qualifies: keep_baseline` exclude each other"
    assert any(message in line for line in lines)


def test_the_samples_of_a_microcontroller_reach_its_task() -> None:
    entry = MeasuredTarget(target="microcontroller", samples=50, tolerance=0.1)
    assert entry.parameter == {
        "target": "microcontroller",
        "options": {},
        "tolerance": 0.1,
        "samples": 50,
    }
