"""Mistakes in a single value or key of `gate` and `choose`: exact message, place and hint."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "  top1: {max_drop: 0.01}\n  size_bytes: {max_ratio: 0.5}\n",
            "",
            [
                "11:6 `gate` must be a mapping, not nothing -> Its keys are metrics, such as in "
                "`top1: {max_drop: 0.01}`.",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "0.01",
            [
                "12:9 `gate.top1` must be a mapping, not 0.01 -> Its keys are `min`, "
                "`max`, `max_drop`, `max_rise`, `max_drop_percent`, `max_ratio`, "
                "`confidence`, `each_slice` and `slices`.",
            ],
        ),
        (
            "\n  top1: {max_drop: 0.01}\n  size_bytes: {max_ratio: 0.5}\n",
            " {}\n",
            [
                "11:7 `gate` has no limit -> Write for example `top1: {max_drop: 0.01}`.",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: 1%",
            [
                "12:20 `gate.top1.max_drop` must be a number, not the text `1%` -> Write "
                "`max_drop_percent: 1` for 1 % of the baseline.",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: ''",
            [
                "12:20 `gate.top1.max_drop` must be a number, not empty text -> None",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: .inf",
            [
                "12:20 `gate.top1.max_drop` must be a finite number -> None",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: .nan",
            [
                "12:20 `gate.top1.max_drop` must be a finite number -> None",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: -0.01",
            [
                "12:20 `gate.top1.max_drop` must be at least 0, not -0.01 -> None",
            ],
        ),
        (
            "max_ratio: 0.5",
            "max_ratio: 0",
            [
                "13:27 `gate.size_bytes.max_ratio` must be above 0, not 0 -> None",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: 0.01, confidence: 95",
            [
                "12:38 `gate.top1.confidence` must be below 1, not 95 -> Did you mean 0.95?",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: 0.01, confidence: 0.9999999",
            [
                "12:38 no number of samples decides a limit at a confidence of 0.9999999 -> Write "
                "at most 0.999999, for example 0.95.",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: 0.01, confidence: 0.05",
            [
                "12:38 `gate.top1.confidence` must be above 0.5, not 0.05 -> None",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max_ratio:0.5}",
            [
                "13:16 `gate.size_bytes` has no key `max_ratio:0.5` -> YAML needs a space after "
                "the colon: `max_ratio: 0.5`.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "max_ratio:0.5",
            [
                "13:15 `gate.size_bytes` must be a mapping, not the text `max_ratio:0.5` -> YAML "
                "needs a space after the colon: `max_ratio: 0.5`.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max_ratio: 65%}",
            [
                "13:27 `gate.size_bytes.max_ratio` must be a number, not the text `65%` -> Write "
                "it as a share: `max_ratio: 0.65`.",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{max_drop: 0.01, confidence: 95%}",
            [
                "12:38 `gate.top1.confidence` must be a number, not the text `95%` -> Write it as "
                "a share: `confidence: 0.95`.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max_ratio: 65}",
            [
                "13:27 `size_bytes` of 65 times the baseline's is no limit -> Did you mean 0.65?",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max: 512 KByte}",
            [
                "13:21 `gate.size_bytes.max` has the unknown unit `KByte` -> Did you mean `bytes`?",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max: 5 furlongs}",
            [
                "13:21 `gate.size_bytes.max` has the unknown unit `furlongs` -> The "
                "units are `bytes`, `B`, `kB`, `MB`, `GB`, `TB`, `KiB`, `MiB`, `GiB`, `TiB`, `ns`, "
                "`us`, `µs`, `ms`, `s` and `dB`.",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "{wieghts: {size_bytes: 1}}",
            [
                "14:10 `choose` has no key `wieghts` -> Did you mean `weights`?",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "{weights: {size_byte: much}}",
            [
                "14:20 there is no metric `size_byte` -> Did you mean `size_bytes`?",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "{weights: {size_bytes: 0}}",
            [
                "14:32 `choose.weights.size_bytes` must be above 0, not 0 -> None",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "[{minimize: size_bytes, within: {confidence: 95}}]",
            [
                "14:54 `choose.0.within.confidence` must be below 1, not 95 -> Did you mean 0.95?",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "[{maximize: top1, within: {confidence: 0.9999999}}]",
            [
                "14:48 no number of samples decides a tie at a confidence of 0.9999999 -> Write "
                "at most 0.999999, for example 0.95.",
            ],
        ),
        (
            "within: 5%",
            "within: 5 %",
            [
                "14:41 `choose.0.within` cannot be the text `5 %` -> Write a number from "
                "0, a percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
        (
            "within: 5%",
            "within: 100%",
            [
                "14:41 `choose.0.within` cannot be the text `100%` -> Write a number from "
                "0, a percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
        (
            "within: 5%",
            "within: -1",
            [
                "14:41 `choose.0.within` cannot be -1 -> Write a number from 0, a "
                "percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
        (
            "within: 5%",
            "within: true",
            [
                "14:41 `choose.0.within` cannot be true -> Write a number from 0, a "
                "percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
        (
            "within: 5%",
            "within: [5]",
            [
                "14:41 `choose.0.within` cannot be a list -> Write a number from 0, a "
                "percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
        (
            "within: 5%",
            "within: '5'",
            [
                "14:41 `choose.0.within` cannot be the text `5` -> Write a number from 0, "
                "a percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected
