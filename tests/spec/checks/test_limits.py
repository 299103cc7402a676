"""Limits that do not go with the rest: exact message, place and hint."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
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
                "13:32 `size_bytes` has no value for each sample, so it takes no `confidence` -> "
                "Remove it.",
            ],
        ),
        (
            "[top1, mse]\n  latency: {runs: 50}\ngate:\n",
            "[top1, mse, snr_worst]\ngate:\n  snr_worst: {min: 20, confidence: 0.95}\n",
            [
                "11:24 `snr_worst` is the value of a single sample, the worst one, so it takes no "
                "`confidence` -> Remove it.",
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
                "13:21 `load_ms` has no value for each sample, so it takes no `confidence` -> "
                "Remove it.",
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
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected
