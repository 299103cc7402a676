"""Sizes as people write them."""

import re

import pytest

from quantgate.domain.units import SIZE_PATTERN, bytes_of


@pytest.mark.parametrize(
    ("size", "expected"),
    [("500MB", 500_000_000), ("8GiB", 8 << 30), ("1.5 GiB", 3 << 29), ("64KiB", 1 << 16)],
)
def test_sizes_are_read_with_their_units(size: str, expected: int):
    assert re.fullmatch(SIZE_PATTERN, size)
    assert bytes_of(size) == expected


@pytest.mark.parametrize("size", ["8", "8 gigabytes", "-1GB", "GiB", "8KB", "1.GB"])
def test_other_forms_are_refused_by_the_spec(size: str):
    assert not re.fullmatch(SIZE_PATTERN, size)


def test_texts_that_are_no_size_are_refused():
    with pytest.raises(ValueError, match=r"^`much` is not a size such as 500MB, 2GB or 8GiB$"):
        bytes_of("much")
