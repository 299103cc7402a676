"""Suggestions for misspelt names."""

import pytest

from quantgate.foundation.nearest_names import nearest


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("top", ["top1", "top5"]),
        ("TOP1", ["top1"]),
        ("softmx", ["SOFTMAX"]),
        ("zz", []),
        ("unrelated", []),
    ],
)
def test_names_that_contain_a_word_come_before_similar_ones(word: str, expected: list[str]) -> None:
    assert nearest(word, ["top1", "top5", "SOFTMAX"]) == expected


def test_number_of_similar_names_is_bounded() -> None:
    names = ["dense_1x", "dense_2x", "dense_3x"]
    assert len(nearest("dense_x", names)) == 1
    assert len(nearest("dense_x", names, most=2)) == 2
