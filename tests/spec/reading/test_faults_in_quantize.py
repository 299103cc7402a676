"""Mistakes in a single value or key of `quantize`: exact message, place and hint."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "[full_integer, float16]",
            "float16",
            [
                "7:19 `quantize.modes` must be `auto` or a list of modes, not the text "
                "`float16` -> Write `[float16]`.",
            ],
        ),
        (
            "[full_integer, float16]",
            "atuo",
            [
                "7:19 `quantize.modes` must be `auto` or a list of modes, not the text "
                "`atuo` -> Did you mean `auto`?",
            ],
        ),
        (
            "[full_integer, float16]",
            "{full_integer: 1}",
            [
                "7:19 `quantize.modes` must be `auto` or a list of modes, not a mapping -> "
                "The modes are `dynamic_range`, `float16`, `full_integer`, "
                "`integer_only_int8`, `integer_only_uint8`, `int16x8` and "
                "`int16x8_float_fallback`.",
            ],
        ),
        (
            "[full_integer, float16]",
            "[]",
            [
                "7:19 `quantize.modes` must have at least one entry -> Name modes, or recipes "
                "in `recipes`.",
            ],
        ),
        (
            "[full_integer, float16]",
            "[3]",
            [
                "7:20 `quantize.modes.0` must be a mapping, not 3 -> Its keys are `name`, "
                "`mode`, `input_type`, `output_type`, `per_channel`, `per_channel_dense`, "
                "`exclude` and `calibration`.",
            ],
        ),
        (
            "modes: [full",
            "target: gpuu, modes: [full",
            [
                "7:20 `quantize.target` must be `cpu`, `gpu`, `npu`, `edge_tpu`, "
                "`microcontroller` or `ethos_u`, not the text `gpuu` -> Did you mean `gpu`?",
            ],
        ),
        (
            "float16]}",
            "float16], memory_limit: 8}",
            [
                "7:58 `quantize.memory_limit` cannot be 8 -> Write a size with its unit, such as "
                "`8GiB` or `500MB`.",
            ],
        ),
        (
            "float16]}",
            "float16], memory_limit: 8 gigabytes}",
            [
                "7:58 `quantize.memory_limit` cannot be the text `8 gigabytes` -> Write a size "
                "with its unit, such as `8GiB` or `500MB`.",
            ],
        ),
        (
            "float16]}",
            "float16], select_tf_ops: yes}",
            [
                "7:59 `quantize.select_tf_ops` must be true or false, not the text `yes` -> Write "
                "`true` or `false`, without quotes.",
            ],
        ),
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected
