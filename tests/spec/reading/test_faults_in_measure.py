"""Mistakes in a single value or key of `measure`: exact message, place and hint."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "latency: {runs: 50}",
            "latncy: {runs: 50}",
            [
                "10:3 `measure` has no key `latncy` -> Did you mean `latency`?",
            ],
        ),
        (
            "{runs: 50}",
            "fast",
            [
                "10:12 `measure.latency` must be a mapping, not the text `fast` -> Its "
                "keys are `threads`, `warmup`, `runs`, `budget_s`, `signature` and `timeout_s`.",
            ],
        ),
        (
            "{runs: 50}",
            "[1]",
            [
                "10:12 `measure.latency` must be a mapping, not a list -> Its keys are "
                "`threads`, `warmup`, `runs`, `budget_s`, `signature` and `timeout_s`.",
            ],
        ),
        (
            "[top1, mse]",
            "top1",
            [
                "9:12 `measure.metrics` must be a list, not the text `top1` -> Write `[top1]`.",
            ],
        ),
        (
            "[top1, mse]",
            "[]",
            [
                "9:12 `measure.metrics` must have at least one entry -> None",
            ],
        ),
        (
            "[top1, mse]",
            "null",
            [
                "9:12 `measure.metrics` must be a list, not nothing -> Write the entries as "
                "`[first, second]`.",
            ],
        ),
        (
            "{runs: 50}",
            "{runs: 2.5}",
            [
                "10:19 `measure.latency.runs` must be a whole number, not 2.5 -> None",
            ],
        ),
        (
            "{runs: 50}",
            "{runs: 1e3}",
            [
                "10:19 `measure.latency.runs` must be a whole number, not 1000.0 -> Write `1000`.",
            ],
        ),
        (
            "{runs: 50}",
            "{runs: '50'}",
            [
                "10:19 `measure.latency.runs` must be a whole number, not the text `50` -> "
                "Remove the quotes.",
            ],
        ),
        (
            "{runs: 50}",
            "{runs: true}",
            [
                "10:19 `measure.latency.runs` must be a whole number, not true -> None",
            ],
        ),
        (
            "{runs: 50}",
            "{runs: 0}",
            [
                "10:19 `measure.latency.runs` must be at least 1, not 0 -> None",
            ],
        ),
        (
            "{runs: 50}",
            "{runs: 50, threads: 1000}",
            [
                "10:32 `measure.latency.threads` must be at most 256, not 1000 -> None",
            ],
        ),
        (
            "{runs: 50}",
            "{runs: 99999999999999999999999}",
            [
                "10:19 `measure.latency.runs` must be a whole number, not 1e+23 -> None",
            ],
        ),
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected
