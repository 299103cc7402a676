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
            ", label: y",
            "",
            [
                "6:3 `data.evaluation` needs the key `label` -> `label`: Key of the labels "
                "or targets.",
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
            "latency: {runs: 50}",
            "latncy: {runs: 50}",
            [
                "10:3 `measure` has no key `latncy` -> Did you mean `latency`?",
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
            "  top1: {max_drop: 0.01}\n  size_bytes: {max_ratio: 0.5}\n",
            "",
            [
                "11:6 `gate` must be a mapping, not nothing -> Its keys are metrics, such as in "
                "`top1: {max_drop: 0.01}`.",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "0.01",
            [
                "12:9 `gate.top1` must be a mapping, not 0.01 -> Its keys are `min`, "
                "`max`, `max_drop`, `max_rise`, `max_drop_percent`, `max_ratio`, "
                "`confidence`, `each_slice` and `slices`.",
            ],
        ),
        (
            "\n  top1: {max_drop: 0.01}\n  size_bytes: {max_ratio: 0.5}\n",
            " {}\n",
            [
                "11:7 `gate` has no limit -> Write for example `top1: {max_drop: 0.01}`.",
            ],
        ),
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
            "data:\n",
            "data:\n  allow_random: yes please\n",
            [
                "5:17 `data.allow_random` must be true or false, not the text `yes please` -> "
                "Write `true` or `false`, without quotes.",
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
        (
            "max_drop: 0.01",
            "max_drop: 1%",
            [
                "12:20 `gate.top1.max_drop` must be a number, not the text `1%` -> Write "
                "`max_drop_percent: 1` for 1 % of the baseline.",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: ''",
            [
                "12:20 `gate.top1.max_drop` must be a number, not empty text -> None",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: .inf",
            [
                "12:20 `gate.top1.max_drop` must be a finite number -> None",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: .nan",
            [
                "12:20 `gate.top1.max_drop` must be a finite number -> None",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: -0.01",
            [
                "12:20 `gate.top1.max_drop` must be at least 0, not -0.01 -> None",
            ],
        ),
        (
            "max_ratio: 0.5",
            "max_ratio: 0",
            [
                "13:27 `gate.size_bytes.max_ratio` must be above 0, not 0 -> None",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: 0.01, confidence: 95",
            [
                "12:38 `gate.top1.confidence` must be below 1, not 95 -> Did you mean 0.95?",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: 0.01, confidence: 0.9999999",
            [
                "12:38 no number of samples decides a limit at a confidence of 0.9999999 -> Write "
                "at most 0.999999, for example 0.95.",
            ],
        ),
        (
            "max_drop: 0.01",
            "max_drop: 0.01, confidence: 0.05",
            [
                "12:38 `gate.top1.confidence` must be above 0.5, not 0.05 -> None",
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
            "source: train.npz",
            "source: train.npz, select: stratifed",
            [
                "5:44 `data.calibration.select` must be `first`, `random` or `stratified`, "
                "not the text `stratifed` -> Did you mean `stratified`?",
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
        (
            "{max_ratio: 0.5}",
            "{max_ratio:0.5}",
            [
                "13:16 `gate.size_bytes` has no key `max_ratio:0.5` -> YAML needs a space after "
                "the colon: `max_ratio: 0.5`.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "max_ratio:0.5",
            [
                "13:15 `gate.size_bytes` must be a mapping, not the text `max_ratio:0.5` -> YAML "
                "needs a space after the colon: `max_ratio: 0.5`.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max_ratio: 65%}",
            [
                "13:27 `gate.size_bytes.max_ratio` must be a number, not the text `65%` -> Write "
                "it as a share: `max_ratio: 0.65`.",
            ],
        ),
        (
            "{max_drop: 0.01}",
            "{max_drop: 0.01, confidence: 95%}",
            [
                "12:38 `gate.top1.confidence` must be a number, not the text `95%` -> Write it as "
                "a share: `confidence: 0.95`.",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max_ratio: 65}",
            [
                "13:27 `size_bytes` of 65 times the baseline's is no limit -> Did you mean 0.65?",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max: 512 KByte}",
            [
                "13:21 `gate.size_bytes.max` has the unknown unit `KByte` -> Did you mean `bytes`?",
            ],
        ),
        (
            "{max_ratio: 0.5}",
            "{max: 5 furlongs}",
            [
                "13:21 `gate.size_bytes.max` has the unknown unit `furlongs` -> The "
                "units are `bytes`, `B`, `kB`, `MB`, `GB`, `TB`, `KiB`, `MiB`, `GiB`, `TiB`, `ns`, "
                "`us`, `µs`, `ms`, `s` and `dB`.",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "{wieghts: {size_bytes: 1}}",
            [
                "14:10 `choose` has no key `wieghts` -> Did you mean `weights`?",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "{weights: {size_byte: much}}",
            [
                "14:20 there is no metric `size_byte` -> Did you mean `size_bytes`?",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "{weights: {size_bytes: 0}}",
            [
                "14:32 `choose.weights.size_bytes` must be above 0, not 0 -> None",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "[{minimize: size_bytes, within: {confidence: 95}}]",
            [
                "14:54 `choose.0.within.confidence` must be below 1, not 95 -> Did you mean 0.95?",
            ],
        ),
        (
            "[{minimize: size_bytes, within: 5%}]",
            "[{maximize: top1, within: {confidence: 0.9999999}}]",
            [
                "14:48 no number of samples decides a tie at a confidence of 0.9999999 -> Write "
                "at most 0.999999, for example 0.95.",
            ],
        ),
        (
            "within: 5%",
            "within: 5 %",
            [
                "14:41 `choose.0.within` cannot be the text `5 %` -> Write a number from "
                "0, a percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
        (
            "within: 5%",
            "within: 100%",
            [
                "14:41 `choose.0.within` cannot be the text `100%` -> Write a number from "
                "0, a percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
        (
            "within: 5%",
            "within: -1",
            [
                "14:41 `choose.0.within` cannot be -1 -> Write a number from 0, a "
                "percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
        (
            "within: 5%",
            "within: true",
            [
                "14:41 `choose.0.within` cannot be true -> Write a number from 0, a "
                "percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
        (
            "within: 5%",
            "within: [5]",
            [
                "14:41 `choose.0.within` cannot be a list -> Write a number from 0, a "
                "percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
            ],
        ),
        (
            "within: 5%",
            "within: '5'",
            [
                "14:41 `choose.0.within` cannot be the text `5` -> Write a number from 0, "
                "a percentage below 100 such as `5%`, or `{confidence: 0.95}`.",
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
