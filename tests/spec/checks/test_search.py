"""A search without data, bits or kernels is refused with what to do."""

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
quantize: {{recipes: {recipes}, {quantize}}}
measure: {{metrics: [top1]}}
gate: {{top1: {{max_drop: 0.01}}}}
"""
CALIBRATION = "calibration: {source: train.npz, samples: 100}"


def written(
    tmp_path: Path, quantize: str, calibration: str = CALIBRATION, recipes: str = "[]"
) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(quantize=quantize, calibration=calibration, recipes=recipes))
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(path)
    return [f"{each.message} -> {each.hint}" for each in caught.value.problems]


@pytest.mark.parametrize("search", ["true", "{}", "{bits: [4, 8, 16], budget: 2}"])
def test_the_search_is_asked_for_in_a_word_or_with_settings(tmp_path: Path, search: str) -> None:
    assert load(written(tmp_path, f"search: {search}")).spec.quantize.search is not None


def test_the_search_can_be_turned_off(tmp_path: Path) -> None:
    path = written(tmp_path, "search: false", recipes="[dynamic_wi8_afp32]")
    assert load(path).spec.quantize.search is None


@pytest.mark.parametrize(
    ("quantize", "calibration", "expected"),
    [
        (
            "search: true",
            "",
            "the search judges models on calibration data, but there is no `data.calibration` -> "
            "Add `data: {calibration: {source: ...}}`, or remove `search`.",
        ),
        (
            "search: true",
            "calibration: {source: train.npz, samples: 2}",
            "the search holds back one of 3 samples, but `data.calibration` takes only 2 -> Take 3 "
            "samples or more. LiteRT's guide advises 100 to 500.",
        ),
        (
            "target: microcontroller, search: {bits: [4, 8]}",
            CALIBRATION,
            "the target `microcontroller` has no kernels for layers of `4` bits -> Use `bits: [8, "
            "16]`.",
        ),
        (
            "target: edge_tpu, search: true",
            CALIBRATION,
            "an Edge TPU runs 8-bit integer-only models, so layers cannot differ in their bits -> "
            "Remove `search`, or name other hardware in `quantize.target`.",
        ),
        (
            "search: {bits: [4, 16]}",
            CALIBRATION,
            "the search compares with 8 bits in all layers, and needs 8 and another number of bits "
            "-> Use `bits: [4, 8]`.",
        ),
        (
            "search: {bits: [8, 8]}",
            CALIBRATION,
            "the search compares with 8 bits in all layers, and needs 8 and another number of bits "
            "-> Use `bits: [4, 8]`.",
        ),
        (
            "search: {budget: 0}",
            CALIBRATION,
            "`quantize.search.budget` must be above 0, not 0 -> None",
        ),
        (
            "search: {bits: [2, 8]}",
            CALIBRATION,
            "`quantize.search.bits.0` must be `4`, `8` or `16`, not 2 -> None",
        ),
        (
            "search: {bits: []}",
            CALIBRATION,
            "the search compares with 8 bits in all layers, and needs 8 and another number of bits "
            "-> Use `bits: [4, 8]`.",
        ),
        (
            "search: {widths: [4, 8]}",
            CALIBRATION,
            "`quantize.search` has no key `widths` -> Did you mean `bits`?",
        ),
    ],
)
def test_a_search_that_cannot_work_is_refused(
    tmp_path: Path, quantize: str, calibration: str, expected: str
) -> None:
    assert expected in problems(written(tmp_path, quantize, calibration))


def test_no_other_candidate_has_the_name_of_a_searched_one(tmp_path: Path) -> None:
    named = "[{recipe: dynamic_wi8_afp32, name: search-1}]"
    assert problems(written(tmp_path, "search: true", recipes=named)) == [
        "the search fills a candidate named `search-1` -> Choose another name."
    ]
