"""`data.evaluation.shards`: what it cannot be combined with is refused, with a way out."""

import pytest

from quantgate.errors import SpecError
from quantgate.spec import load

SPEC = """\
version: 1
name: digits
model: {{tflite: model.tflite{model}}}
data:
  calibration: {{source: train.npz, samples: 9}}
  evaluation: {{{evaluation}, shards: {shards}}}
quantize: {{recipes: [static_wi8_ai8]}}
measure: {{metrics: [{metrics}], targets: [microcontroller]}}
gate: {{size_bytes: {{max_ratio: 0.5}}{gate}}}
"""
NPZ = "source: test.npz, label: y"


@pytest.fixture
def problems(tmp_path):
    def run(evaluation=NPZ, shards=4, model="", metrics="top1", gate=""):
        path = tmp_path / "spec.yaml"
        values = {"evaluation": evaluation, "shards": shards, "model": model}
        path.write_text(SPEC.format(**values, metrics=metrics, gate=gate))
        try:
            load(path)
        except SpecError as error:
            return [f"{each.message} -> {each.hint}" for each in error.problems]
        return []

    return run


@pytest.mark.parametrize(
    "evaluation",
    [
        NPZ,
        "source: s3://bucket/test, label: y",
        "source: photos, format: images",
        "source: rows, label: y, format: parquet, samples: null",
    ],
)
def test_sources_with_files_or_rows_are_taken(problems, evaluation):
    assert problems(evaluation) == []


@pytest.mark.parametrize(
    ("evaluation", "format_name"),
    [
        ("source: rows.csv, label: y", "csv"),
        ("source: random, samples: 9", "random"),
        ("source: 'module:function', label: y", "python"),
        ("source: saved, label: y, format: tf_data", "tf_data"),
    ],
)
def test_formats_without_parts_are_refused(problems, evaluation, format_name):
    assert problems(evaluation, shards=1) == []
    said = (
        f"`data.evaluation.shards` is not for the format {format_name}, which has no parts -> It "
        "is for `images`, `tfrecord`, `parquet`, `npy` or `npz`. Store the samples so, or remove "
        "`shards`."
    )
    assert said in problems(evaluation)


def test_a_number_of_samples_is_refused(problems):
    assert problems(f"{NPZ}, samples: 9") == [
        "`data.evaluation.samples` is not for data with `shards`, which take all samples -> Remove "
        "one of the two."
    ]


def test_several_signatures_are_refused(problems):
    said = (
        "`data.evaluation.shards` is for one signature, and the spec measures several -> Measure "
        "one signature, or remove `shards`."
    )
    two = "{metric: top1, signature: a}, {metric: top1, name: b, signature: b}"
    assert said in problems(model=", signatures: [a, b]", metrics=two)
    own = f"{NPZ}, signatures: {{a: {{source: a.npz, label: y}}}}"
    one = "{metric: top1, signature: a}"
    assert said in problems(own, model=", signatures: [a, b]", metrics=one)


def test_metrics_on_a_microcontroller_are_refused(problems):
    assert problems(gate=", mcu_top1: {min: 0.5}") == [
        "`data.evaluation.shards` is not for `mcu_top1`, as a microcontroller needs all samples on "
        "one machine -> Remove `shards`, or what names `mcu_top1`."
    ]


@pytest.mark.parametrize(("shards", "said"), [(0, "at least 1"), (65, "at most 64")])
def test_the_number_has_bounds(problems, shards, said):
    (problem,) = problems(shards=shards)
    assert said in problem
