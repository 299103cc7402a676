"""Objectives that do not go with the rest: exact message, place and hint."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
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
                "14:41 `size_bytes` has no value for each sample, so it takes no `confidence` -> "
                "Write a number, or a percentage such as `5%`.",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "{weights: {size_bytes: 1, psnr: 2}}",
            [
                "14:35 `psnr` is not measured -> Add `psnr` to `measure.metrics`, or remove this.",
            ],
        ),
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected
