"""Options that a mode does not take are refused with the reason, and with those that do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.spec import load


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (
            "{mode: float16, per_channel: false}",
            "7:50 `float16` takes no `per_channel`: float16 has no scales, and TensorFlow's 16x8 "
            "needs one per channel -> It is for `dynamic_range`, `full_integer`, "
            "`integer_only_int8` or `integer_only_uint8`.",
        ),
        (
            "{mode: dynamic_range, per_channel_dense: false}",
            "7:56 `dynamic_range` takes no `per_channel_dense`: TensorFlow has the option only "
            "for int8 -> It is for `full_integer`, `integer_only_int8` or `integer_only_uint8`.",
        ),
        (
            "{mode: integer_only_int8, exclude: {ops: [SOFTMAX]}}",
            "7:60 `integer_only_int8` takes no `exclude`: ops can stay in float only if the mode "
            "allows float, and the converter supports that only for int8 -> It is for "
            "`full_integer`.",
        ),
        (
            "{mode: dynamic_range, calibration: {samples: 50}}",
            "7:56 `dynamic_range` takes no `calibration`: it needs no representative data -> It "
            "is for `full_integer`, `integer_only_int8`, `integer_only_uint8`, `int16x8` or "
            "`int16x8_float_fallback`.",
        ),
        (
            "{mode: full_integer, name: island, exclude: {}}",
            "7:78 `quantize.modes.1.exclude` is empty -> Add `ops` or `nodes`, or remove it.",
        ),
        (
            "{mode: int16x8, calibration: {samples: 0}}",
            "7:73 `quantize.modes.1.calibration.samples` must be at least 1, not 0 -> None",
        ),
    ],
)
def test_options_that_do_not_fit_the_mode_are_refused(
    mistaken: Callable[[str, str], list[str]], candidate: str, expected: str
) -> None:
    assert mistaken("float16]", f"{candidate}]") == [expected]


def test_options_that_fit_the_mode_are_allowed(
    sound: str, spec_file: Callable[[str], Path]
) -> None:
    candidates = (
        "{mode: full_integer, name: island, exclude: {ops: [SOFTMAX]}}",
        "{mode: integer_only_int8, name: few, per_channel: false, calibration: {samples: 50}}",
        "{mode: dynamic_range, per_channel: false}",
    )
    loaded = load(spec_file(sound.replace("float16]", f"{', '.join(candidates)}]")))
    assert [entry.name for entry in loaded.spec.quantize.modes[1:]] == ["island", "few", None]
