"""Search data that nothing reads, without labels, or of the evaluation is refused."""

from pathlib import Path

import pytest

from quantgate.errors import SpecError
from quantgate.spec import load

SPEC = """\
version: 1
name: digits
model: {{tflite: model.tflite}}
data:
  calibration: {{source: train.npz, samples: 2}}
  evaluation: {{source: test.npz, label: y}}
  search: {{{search}}}
quantize: {{recipes: [static_wi8_ai8], {quantize}}}
measure: {{metrics: [{metrics}]}}
gate: {{size_bytes: {{max_ratio: 0.5}}}}
"""


def written(
    tmp_path: Path, search: str, quantize: str = "search: true", metrics: str = "top1"
) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(search=search, quantize=quantize, metrics=metrics))
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(path)
    return [f"{each.message} -> {each.hint}" for each in caught.value.problems]


@pytest.mark.parametrize(
    ("search", "quantize", "metrics"),
    [
        ("source: val.npz, label: y", "search: true", "top1"),
        ("source: val.npz, label: y", "recover: true", "top1"),
        ("source: val", "recover: true", "top1"),
        ("source: val.npz", "search: true", "cosine_similarity"),
        ("source: val.npz", "search: true", "{metric: top1, label: z}"),
    ],
)
def test_search_data_stands_in_for_samples_to_hold_back(
    tmp_path: Path, search: str, quantize: str, metrics: str
) -> None:
    if search == "source: val":
        search += ", format: images"
    spec = load(written(tmp_path, search, quantize, metrics)).spec
    assert spec.data.search is not None


def test_the_hash_of_a_spec_without_search_data_has_no_key_for_it(tmp_path: Path) -> None:
    path = written(tmp_path, "source: val.npz, label: y")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if "search:" not in line))
    assert "search" not in load(path).spec.model_dump(mode="json")["data"]


@pytest.mark.parametrize(
    ("search", "quantize", "metrics", "expected"),
    [
        (
            "source: val.npz, label: y",
            "modes: []",
            "top1",
            "`data.search` is read by `quantize.recover` and `quantize.search`, and the spec has "
            "neither -> Add one of them, or remove `data.search`.",
        ),
        (
            "source: val.npz",
            "search: true",
            "top1",
            "`data.search` has no labels, and models are scored by `top1`, which needs them -> "
            "Name their key as `label`. Or remove `data.search`: then models are judged by their "
            "agreement with the float model.",
        ),
        (
            "source: val.npz",
            "recover: true",
            "{metric: psnr, name: sharpness}",
            "`data.search` has no labels, and models are scored by `sharpness`, which needs them "
            "-> Name their key as `label`. Or remove `data.search`: then models are judged by "
            "their agreement with the float model.",
        ),
        (
            "source: test.npz, label: y",
            "search: true",
            "top1",
            "`data.search` and `data.evaluation` have the same source, and models must not be "
            "chosen by the samples that judge them -> Split the data, and name a file or folder "
            "for each part.",
        ),
    ],
)
def test_search_data_that_cannot_judge_is_refused(
    tmp_path: Path, search: str, quantize: str, metrics: str, expected: str
) -> None:
    given = problems(written(tmp_path, search, quantize, metrics))
    assert given == [expected]
