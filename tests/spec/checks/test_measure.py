"""Values of `measure` that do not go together: exact message, place and hint."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
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
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected
