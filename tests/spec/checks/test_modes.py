"""Modes that do not go together: exact message, place and hint."""

from collections.abc import Callable

import pytest


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
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected
