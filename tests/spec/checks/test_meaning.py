"""Mistakes in how values go together: exact message, place and hint."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.spec import load


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "models/fashion",
            "ftp://models/fashion",
            [
                "3:22 `model.saved_model` is on `ftp://`, which Kubeflow Pipelines cannot "
                "read -> Use a local path, or one on `gs://`, `s3://` or `minio://`.",
            ],
        ),
        (
            "saved_model: models/fashion",
            "keras: ftp://models/fashion.keras",
            [
                "3:16 `model.keras` is on `ftp://`, which Kubeflow Pipelines cannot read -> Use a "
                "local path, or one on `gs://`, `s3://` or `minio://`.",
            ],
        ),
        (
            "saved_model: models/fashion",
            "signatures: [serve]",
            [
                "3:8 `model` needs `saved_model`, `keras` or `tflite` -> Write for example "
                "`saved_model: models/fashion`.",
            ],
        ),
        (
            "{saved_model: models/fashion}",
            "{saved_model: models/fashion, keras: fashion.keras}",
            [
                "3:38 `model` has both `saved_model` and `keras` -> Keep one of them.",
            ],
        ),
        (
            "{saved_model: models/fashion}",
            "{keras: fashion.keras, tags: [serve, tpu]}",
            [
                "3:31 `model.tags` is for a SavedModel, but the model is a Keras file -> Remove "
                "it.",
            ],
        ),
        (
            "to: published",
            "to: gss://bucket/published",
            [
                "15:15 `promote.to` is on `gss://`, which quantgate cannot publish to -> Name a "
                "folder, or one on `gs://`, `s3://`, `minio://`, `abfs://`, `az://` or `hdfs://`.",
            ],
        ),
        (
            "  calibration: {source: train.npz}\n",
            "",
            [
                "6:20 `full_integer` needs representative data, but there is no "
                "`data.calibration` -> Add `data: {calibration: {source: ...}}`, or use "
                "`dynamic_range` or `float16` instead.",
            ],
        ),
        (
            "source: test.npz",
            "source: https://x/test.npz",
            [
                "6:24 `data.evaluation.source` is on `https://`, which Kubeflow Pipelines "
                "cannot read -> Use a local path, or one on `gs://`, `s3://` or `minio://`.",
            ],
        ),
        (
            "source: train.npz",
            "source: file:///x/test.npz",
            [
                "5:25 `data.calibration.source` is on `file://`, which Kubeflow Pipelines "
                "cannot read -> Use a local path, or one on `gs://`, `s3://` or `minio://`.",
            ],
        ),
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected


def test_a_missing_calibration_is_reported_once_for_all_modes(
    mistaken: Callable[[str, str], list[str]],
):
    assert mistaken(
        "  calibration: {source: train.npz}\n"
        "  evaluation: {source: test.npz, label: y}\n"
        "quantize: {modes: [full_integer, float16]}",
        "  evaluation: {source: test.npz, label: y}\n"
        "quantize: {modes: [float16, full_integer, int16x8]}",
    ) == [
        "6:29 `full_integer` and `int16x8` need representative data, but there is no "
        "`data.calibration` -> Add `data: {calibration: {source: ...}}`, or use `dynamic_range` "
        "or `float16` instead."
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "  calibration:",
            "  calibraton:",
            ["5:3 `data` has no key `calibraton` -> Did you mean `calibration`?"],
        ),
        (
            "[top1, mse]",
            "[tpo1, mse]",
            ["9:13 there is no metric `tpo1` -> Did you mean `top1`?"],
        ),
        (
            "{max_drop: 0.01}",
            "{max_dorp: 0.01}",
            ["12:10 `gate.top1` has no key `max_dorp` -> Did you mean `max_drop`?"],
        ),
        (
            "minimize: size_bytes",
            "minimise: size_bytes",
            ["14:11 `choose.0` has no key `minimise` -> Did you mean `minimize`?"],
        ),
    ],
)
def test_an_error_is_not_reported_again_by_dependent_checks(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected


def test_an_error_does_not_hide_other_errors(complaints: Callable[[str], list[str]], sound: str):
    text = sound.replace("source: train.npz", "sorce: train.npz")
    text = text.replace("  top1: {max_drop", "  psnr: {max_drop")
    assert complaints(text) == [
        "5:17 `data.calibration` has no key `sorce` -> Did you mean `source`?",
        "12:3 `psnr` is not measured -> Add `psnr` to `measure.metrics`, or remove this.",
    ]


@pytest.mark.parametrize(
    "edit",
    [
        ("[full_integer, float16]", "auto"),
        ("float16]", "{mode: int16x8, input_type: int16}]"),
        ("float16]", "{mode: full_integer, name: int8-io, input_type: int8, output_type: uint8}]"),
        ("  calibration: {source: train.npz}\n", "  calibration:\n    source: gs://b/train.npz\n"),
        ("[top1, mse]", "[top1, {metric: psnr, peak: 255, output: upscaled}]"),
        ("latency: {runs: 50}", "latency: null"),
        ("  latency: {runs: 50}\n", ""),
        ("{max_drop: 0.01}", "{min: 1, max_drop_percent: 100, max_drop: 0, confidence: 0.6}"),
        ("{max_drop: 0.01}", "{min: 0.9, confidence: 0.95}"),
        ("{max_ratio: 0.5}", "{max: 65536, max_rise: 0, max_ratio: 2}"),
        ("within: 5%", "within: 99.9%"),
        ("within: 5%", "within: 1e3"),
        ("promote: {to: published}", "promote:"),
    ],
)
def test_meaningful_limits_are_allowed(
    spec_file: Callable[[str], Path], sound: str, edit: tuple[str, str]
):
    assert sound.count(edit[0]) == 1
    assert load(spec_file(sound.replace(*edit))).spec.name == "fashion"
