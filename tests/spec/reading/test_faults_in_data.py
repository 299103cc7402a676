"""Mistakes in a single value or key of `data`: exact message, place and hint."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            ", label: y",
            "",
            [
                "6:3 `data.evaluation` needs the key `label` -> `label`: Key of the labels "
                "or targets.",
            ],
        ),
        (
            "label: y",
            "label: 5",
            [
                "6:41 `data.evaluation.label` must be text, not 5 -> Put it in quotes.",
            ],
        ),
        (
            "label: y",
            "label: true",
            [
                "6:41 `data.evaluation.label` must be text, not true -> Put it in quotes.",
            ],
        ),
        (
            "label: y",
            "label: [y]",
            [
                "6:41 `data.evaluation.label` must be text, not a list -> None",
            ],
        ),
        (
            "data:\n",
            "data:\n  allow_random: yes please\n",
            [
                "5:17 `data.allow_random` must be true or false, not the text `yes please` -> "
                "Write `true` or `false`, without quotes.",
            ],
        ),
        (
            "source: train.npz",
            "source: train.npz, select: stratifed",
            [
                "5:44 `data.calibration.select` must be `first`, `random` or `stratified`, "
                "not the text `stratifed` -> Did you mean `stratified`?",
            ],
        ),
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected
