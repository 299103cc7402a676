"""Mistakes in a single value or key: exact message, place and hint."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "name: fashion\n",
            "",
            [
                "1:1 the spec needs the key `name` -> `name`: Name of the pipeline and its "
                "reports.",
            ],
        ),
        (
            "data:\n  calibration: {source: train.npz}\n  evaluation: {source: test.npz, "
            "label: y}\n",
            "",
            [
                "1:1 the spec needs the key `data` -> `data`: The calibration and evaluation data.",
            ],
        ),
        (
            "name: fashion",
            "name: Fashion MNIST",
            [
                "2:7 `name` cannot be `Fashion MNIST` -> A name has up to 63 lowercase "
                "letters, digits, `-` and `_`, and starts and ends with a letter or digit. "
                "Did you mean `fashion-mnist`?",
            ],
        ),
        (
            "name: fashion",
            "name: '!'",
            [
                "2:7 `name` cannot be `!` -> A name has up to 63 lowercase letters, "
                "digits, `-` and `_`, and starts and ends with a letter or digit.",
            ],
        ),
        (
            "name: fashion",
            "name: "
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            [
                "2:7 `name` cannot be "
                "`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...` -> A "
                "name has up to 63 lowercase letters, digits, `-` and `_`, and starts and "
                "ends with a letter or digit. Did you mean "
                "`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`?",
            ],
        ),
        (
            "version: 1\n",
            "",
            [
                "1:1 the spec needs the key `version` -> `version`: Version of the spec format.",
            ],
        ),
        (
            "version: 1",
            "version: 2",
            [
                "1:10 `version` must be 1, not 2 -> This quantgate reads only version 1.",
            ],
        ),
        (
            "version: 1",
            "version: '1'",
            [
                "1:10 `version` must be 1, not the text `1` -> This quantgate reads only version "
                "1.",
            ],
        ),
        (
            "version: 1",
            "version: 1.0",
            [
                "1:10 `version` must be 1, not 1.0 -> This quantgate reads only version 1.",
            ],
        ),
        (
            "version: 1",
            "version: true",
            [
                "1:10 `version` must be 1, not true -> This quantgate reads only version 1.",
            ],
        ),
        (
            "version: 1",
            "version:",
            [
                "1:9 `version` must be 1, not nothing -> This quantgate reads only version 1.",
            ],
        ),
        (
            "{saved_model: models/fashion}",
            "{savedmodel: models/fashion}",
            [
                "3:9 `model` has no key `savedmodel` -> Did you mean `saved_model`?",
            ],
        ),
        (
            "models/fashion}",
            "models/fashion, signatures: []}",
            [
                "3:50 `model.signatures` must have at least one entry -> None",
            ],
        ),
        (
            "models/fashion}",
            '""}',
            [
                "3:22 `model.saved_model` must not be empty -> None",
            ],
        ),
        (
            "{saved_model: models/fashion}",
            "{saved_model: models/fashion, batch: 8}",
            ["3:45 `model.batch` must be `1` or `dynamic`, not 8 -> None"],
        ),
        (
            "{saved_model: models/fashion}",
            "{saved_model: models/fashion, batch: dynamc}",
            [
                "3:45 `model.batch` must be `1` or `dynamic`, not the text `dynamc` -> Did you "
                "mean `dynamic`?"
            ],
        ),
        (
            "promote: {",
            "runs: 3\npromote: {",
            [
                "15:1 the spec has no key `runs` -> It belongs in `measure.latency`.",
            ],
        ),
        (
            "promote: {",
            "strictness: 3\npromote: {",
            [
                "15:1 the spec has no key `strictness` -> Its keys are `version`, `name`, `model`, "
                "`data`, `code`, `quantize`, `measure`, `gate`, `choose`, `promote` and `cluster`.",
            ],
        ),
        (
            "to: published",
            "to: published, when_none_qualifies: warn",
            [
                "15:47 `promote.when_none_qualifies` must be `fail` or `keep_baseline`, not "
                "the text `warn` -> None",
            ],
        ),
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected


def test_another_version_is_the_only_problem_reported(complaints: Callable[[str], list[str]]):
    assert complaints("version: 2\nmodels: []\n") == [
        "1:10 `version` must be 1, not 2 -> This quantgate reads only version 1."
    ]


def test_a_misspelt_section_is_reported_once(mistaken: Callable[[str, str], list[str]]):
    assert mistaken("measure:", "mesure:") == [
        "8:1 the spec has no key `mesure` -> Did you mean `measure`?"
    ]
