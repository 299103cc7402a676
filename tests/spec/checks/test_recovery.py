"""Recovery without data, candidates or budget is refused with what to do."""

from pathlib import Path

import pytest

from quantgate.errors import SpecError
from quantgate.spec import load

SPEC = """\
version: 1
name: digits
model: {{tflite: model.tflite}}
data:
  {calibration}
  evaluation: {{source: test.npz, label: y}}
quantize: {{{quantize}}}
measure: {{metrics: [top1]}}
gate: {{top1: {{max_drop: 0.01}}}}
"""
CALIBRATION = "calibration: {source: train.npz, samples: 100}"
INT8 = "modes: [], recipes: [static_wi8_ai8], "


def problems(tmp_path: Path, quantize: str, calibration: str = CALIBRATION) -> list[str]:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(quantize=quantize, calibration=calibration))
    with pytest.raises(SpecError) as caught:
        load(path)
    return [f"{each.message} -> {each.hint}" for each in caught.value.problems]


def test_recovery_can_be_turned_off(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(quantize=f"{INT8}recover: false", calibration=CALIBRATION))
    assert load(path).spec.quantize.recover is None


@pytest.mark.parametrize("recover", ["true", "{}", "{techniques: [ranges, layers], budget: 2}"])
def test_recovery_is_asked_for_in_a_word_or_with_settings(tmp_path: Path, recover: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(quantize=f"{INT8}recover: {recover}", calibration=CALIBRATION))
    assert load(path).spec.quantize.recover is not None


@pytest.mark.parametrize(
    ("quantize", "calibration", "expected"),
    [
        (
            f"{INT8}recover: true",
            "",
            "recovery judges models on calibration data, but there is no `data.calibration` -> Add "
            "`data: {calibration: {source: ...}}`, or remove `recover`.",
        ),
        (
            f"{INT8}recover: true",
            "calibration: {source: train.npz, samples: 2}",
            "recovery holds back one of 3 samples, but `data.calibration` takes only 2 -> Take 3 "
            "samples or more. LiteRT's guide advises 100 to 500.",
        ),
        (
            "modes: [], recipes: [float_casting], recover: true",
            CALIBRATION,
            "there is no candidate that recovery can improve -> Add `static_wi8_ai8` to "
            "`quantize.recipes`, or remove `recover`.",
        ),
        (
            "target: edge_tpu, recover: {techniques: [layers]}",
            CALIBRATION,
            "`layers` leaves ops in 16 bits, and an Edge TPU runs 8-bit activations only -> Add "
            "another technique, or remove `recover`.",
        ),
        (
            "target: gpu, recover: true",
            CALIBRATION,
            "there is no candidate that recovery can improve -> Add `static_wi8_ai8` to "
            "`quantize.recipes`, or remove `recover`.",
        ),
        (
            f"{INT8}recover: {{budget: 0}}",
            CALIBRATION,
            "`quantize.recover.budget` must be above 0, not 0 -> None",
        ),
        (
            "recipes: [{recipe: static_wi8_ai8, rules: [{recipe: static_wi4_ai8, algorithm: GPTQ}]}"
            "], recover: true",
            CALIBRATION,
            "there is no candidate that recovery can improve -> Add `static_wi8_ai8` to "
            "`quantize.recipes`, or remove `recover`.",
        ),
        (
            "recipes: [float_casting], recover: true",
            CALIBRATION,
            "there is no candidate that recovery can improve -> Add `static_wi8_ai8` to "
            "`quantize.recipes`, or remove `recover`.",
        ),
        (
            f"{INT8}recover: {{techniques: [bias]}}",
            CALIBRATION,
            "`quantize.recover.techniques.0` must be `ranges`, `biases`, `equalize` or `layers`, "
            "not the text `bias` -> Did you mean `biases`?",
        ),
        (
            f"{INT8}recover: {{techniques: []}}",
            CALIBRATION,
            "`quantize.recover.techniques` must have at least one entry -> None",
        ),
        (
            f"{INT8}recover: {{when: never}}",
            CALIBRATION,
            "`quantize.recover.when` must be `none_qualifies` or `always`, not the text `never` "
            "-> None",
        ),
        (
            f"{INT8}recover: yes please",
            CALIBRATION,
            "`quantize.recover` must be a mapping, not the text `yes please` -> Its keys are "
            "`techniques`, `when` and `budget`.",
        ),
    ],
)
def test_recovery_that_cannot_work_is_refused(
    tmp_path: Path, quantize: str, calibration: str, expected: str
) -> None:
    assert expected in problems(tmp_path, quantize, calibration)


def test_the_modes_that_recovery_improves_are_named(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    text = SPEC.format(quantize="modes: [float16], recover: true", calibration=CALIBRATION)
    path.write_text(text.replace("tflite: model.tflite", "saved_model: model"))
    with pytest.raises(SpecError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert problem.hint == (
        "Add `static_wi8_ai8` to `quantize.recipes`, or `full_integer`, `integer_only_int8` or "
        "`integer_only_uint8` without options to `quantize.modes`, or remove `recover`."
    )
