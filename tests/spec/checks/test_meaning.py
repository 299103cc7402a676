"""Mistakes in how values go together: exact message, place and hint."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.spec import load


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "float16]",
            "int9]",
            [
                "7:34 there is no mode `int9` -> The modes are `dynamic_range`, "
                "`float16`, `full_integer`, `integer_only_int8`, `integer_only_uint8`, "
                "`int16x8` and `int16x8_float_fallback`.",
            ],
        ),
        (
            "float16]",
            "int8]",
            [
                "7:34 there is no mode `int8` -> Did you mean `integer_only_int8` or "
                "`full_integer`?",
            ],
        ),
        (
            "float16]",
            "float32]",
            [
                "7:34 `float32` is the baseline, which is always measured -> Remove it "
                "from `quantize.modes`.",
            ],
        ),
        (
            "float16]",
            "full_integer]",
            [
                "7:34 another candidate is called `full_integer` already -> Give this "
                "one another `name`.",
            ],
        ),
        (
            "float16]",
            "{mode: int16x8, name: full_integer}]",
            [
                "7:56 another candidate is called `full_integer` already -> Give this "
                "one another `name`.",
            ],
        ),
        (
            "float16]",
            "{mode: float16, name: float32}]",
            [
                "7:56 a candidate cannot be called `float32` -> That is the baseline's name. "
                "Choose another.",
            ],
        ),
        (
            "float16]",
            "{mode: float16, input_type: int8}]",
            [
                "7:62 `float16` cannot have int8 inputs -> Its inputs can be `float32`. "
                "For int8 inputs use `full_integer` or `integer_only_int8`.",
            ],
        ),
        (
            "float16]",
            "{mode: int16x8, output_type: uint8}]",
            [
                "7:63 `int16x8` cannot have uint8 outputs -> Its outputs can be `float32` "
                "or `int16`. For uint8 outputs use `full_integer` or "
                "`integer_only_uint8`.",
            ],
        ),
        (
            "float16]",
            "{mode: integer_only_int8, input_type: float32, output_type: uint8}]",
            [
                "7:72 `integer_only_int8` cannot have float32 inputs -> Its inputs can be "
                "`int8`. For float32 inputs use `dynamic_range`, `float16`, "
                "`full_integer`, `int16x8` or `int16x8_float_fallback`.",
                "7:94 `integer_only_int8` cannot have uint8 outputs -> Its outputs can be "
                "`int8`. For uint8 outputs use `full_integer` or `integer_only_uint8`.",
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
            "[top1, mse]",
            "[top1, accuracy]",
            [
                "9:19 there is no metric `accuracy` -> Did you mean `top1`?",
            ],
        ),
        (
            "[top1, mse]",
            "[top1, tpo1]",
            [
                "9:19 there is no metric `tpo1` -> Did you mean `top1`?",
            ],
        ),
        (
            "[top1, mse]",
            "[top1, top1]",
            [
                "9:19 `top1` is measured already -> List it once, or give this one another `name`.",
            ],
        ),
        (
            "[top1, mse]",
            "[{metric: top1, peak: 255}]",
            [
                "9:28 `top1` takes no `peak` -> Only `psnr` and `ssim` do. Remove it.",
            ],
        ),
        (
            "[top1, mse]",
            "[{metric: top1, ignore: 255}]",
            [
                "9:28 `top1` takes no `ignore` -> Only `mean_iou` does. Remove it.",
            ],
        ),
        (
            "  top1: {max",
            "  topl: {max",
            [
                "12:3 there is no metric `topl` -> Did you mean `top1`?",
            ],
        ),
        (
            "  top1: {max",
            "  latency: {max",
            [
                "12:3 there is no metric `latency` -> Did you mean `latency_p50_ms`, "
                "`latency_p90_ms`, `latency_p95_ms` or `latency_p99_ms`?",
            ],
        ),
        (
            "  top1: {max_drop: 0.01}",
            "  psnr: {max_drop: 0.01}",
            [
                "12:3 `psnr` is not measured -> Add `psnr` to `measure.metrics`, or remove this.",
            ],
        ),
        (
            "latency: {runs: 50}\ngate:",
            "latency: null\ngate:\n  latency_p95_ms: {max: 10}",
            [
                "12:3 `latency_p95_ms` is not measured, because `measure.latency` is null "
                "-> Set `measure.latency`, such as to `{runs: 50}`, or remove this.",
            ],
        ),
        (
            "latency: {runs: 50}\ngate:",
            "latency: null\ngate:\n  memory_peak_bytes: {max: 10}",
            [
                "12:3 `memory_peak_bytes` is not measured, because `measure.latency` is null "
                "-> Set `measure.latency`, such as to `{runs: 50}`, or remove this.",
            ],
        ),
        (
            "minimize: size_bytes",
            "maximize: psnr",
            [
                "14:21 `psnr` is not measured -> Add `psnr` to `measure.metrics`, or remove this.",
            ],
        ),
        (
            "minimize: size_bytes",
            "maximize: size_bytes",
            [
                "14:11 `size_bytes` is better when it is lower -> Write `minimize: size_bytes`.",
            ],
        ),
        (
            "minimize: size_bytes",
            "minimize: top1",
            [
                "14:11 `top1` is better when it is higher -> Write `maximize: top1`.",
            ],
        ),
        (
            "minimize: size_bytes, ",
            "",
            [
                "14:10 `choose.0` needs `minimize` or `maximize` -> Write for example "
                "`minimize: size_bytes`.",
            ],
        ),
        (
            "minimize: size_bytes",
            "minimize: size_bytes, maximize: top1",
            [
                "14:10 `choose.0` has both `minimize` and `maximize` -> Write two entries. The "
                "first one has priority.",
            ],
        ),
        (
            "minimize: size_bytes",
            "minimize: size_byte",
            [
                "14:21 there is no metric `size_byte` -> Did you mean `size_bytes`?",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{}",
            [
                "12:3 `gate.top1` has no rule -> Its rules are `min`, `max_drop` and "
                "`max_drop_percent`.",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{confidence: 0.95}",
            [
                "12:3 `gate.top1` has no rule -> Its rules are `min`, `max_drop` and "
                "`max_drop_percent`.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max_ratio: 0.5, confidence: 0.95}",
            [
                "13:32 `size_bytes` has no value for each sample, so it has no confidence -> "
                "Remove it.",
            ],
        ),
        (
            "[top1, mse]\n  latency: {runs: 50}\ngate:\n",
            "[top1, mse, snr_worst]\ngate:\n  snr_worst: {min: 20, confidence: 0.95}\n",
            [
                "11:24 `snr_worst` is the value of a single sample, the worst one, so it has no "
                "confidence -> Remove it.",
            ],
        ),
        (
            "size_bytes: {max_ratio: 0.5}",
            "latency_p50_ms: {confidence: 0.95}",
            [
                "13:3 `gate.latency_p50_ms` has no rule -> Its rules are `max`, `max_rise` and "
                "`max_ratio`."
            ],
        ),
        (
            "size_bytes: {max_ratio: 0.5}",
            "load_ms: {max: 5, confidence: 0.95}",
            [
                "13:21 `load_ms` has no value for each sample, so it has no confidence -> Remove "
                "it.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max: 10ms}",
            [
                "13:21 `size_bytes` is measured in bytes, but `gate.size_bytes.max` is in `ms` -> "
                "Write `bytes`, `B`, `kB`, `MB`, `GB`, `TB`, `KiB`, `MiB`, `GiB` or `TiB`.",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{min: 0.9dB}",
            [
                "12:15 `top1` has no unit, but `gate.top1.min` is in `dB` -> Write a plain number.",
            ],
        ),
        (
            "within: 5%",
            "within: 5ms",
            [
                "14:41 `size_bytes` is measured in bytes, but `choose.0.within` is in `ms` -> "
                "Write `bytes`, `B`, `kB`, `MB`, `GB`, `TB`, `KiB`, `MiB`, `GiB` or `TiB`.",
            ],
        ),
        (
            "within: 5%",
            "within: {confidence: 0.95}",
            [
                "14:41 `size_bytes` has no value for each sample, so it has no confidence -> "
                "Write a "
                "number, or a percentage such as `5%`.",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "{weights: {size_bytes: 1, psnr: 2}}",
            [
                "14:35 `psnr` is not measured -> Add `psnr` to `measure.metrics`, or remove this.",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{max: 1}",
            [
                "12:10 `max` does not fit `top1`, as higher values are better -> Use `min`.",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{max_rise: 1}",
            [
                "12:10 `max_rise` does not fit `top1`, as higher values are better -> Use "
                "`max_drop`.",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{max_ratio: 1}",
            [
                "12:10 `max_ratio` does not fit `top1`, as higher values are better -> Use "
                "`max_drop_percent`, which is 5 for 5 % less than the baseline.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{min: 1}",
            [
                "13:16 `min` does not fit `size_bytes`, as lower values are better -> Use `max`.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max_drop: 1}",
            [
                "13:16 `max_drop` does not fit `size_bytes`, as lower values are better -> "
                "Use `max_rise`.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max_drop_percent: 1}",
            [
                "13:16 `max_drop_percent` does not fit `size_bytes`, as lower values are "
                "better -> Use `max_ratio`, which is 1.05 for 5 % more than the baseline.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max: -1}",
            [
                "13:21 `size_bytes` is never below 0, so it cannot be -1 -> None",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{min: 95}",
            [
                "12:15 `top1` is between 0 and 1, so it cannot be 95 -> Did you mean 0.95?",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{min: -0.5}",
            [
                "12:15 `top1` is between 0 and 1, so it cannot be -0.5 -> None",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{min: 950}",
            [
                "12:15 `top1` is between 0 and 1, so it cannot be 950 -> None",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{max_drop: 1}",
            [
                "12:20 `top1` is between 0 and 1, so a drop of 1 is no limit -> Did you mean 0.01?",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{max_drop: 200}",
            [
                "12:20 `top1` is between 0 and 1, so a drop of 200 is no limit -> None",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{max_drop_percent: 101}",
            [
                "12:28 a drop of 101 % is no limit -> None",
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
