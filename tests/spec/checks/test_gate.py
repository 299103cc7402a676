"""The keys of `gate` that are no limits."""

import pytest

from quantgate.domain.warnings import DOUBTS, WARNINGS
from quantgate.spec import load

TOP1 = "top1: {max_drop: 0.01}"


def gate_with(sound, line):
    return sound.replace(TOP1, f"{TOP1}\n  {line}")


@pytest.mark.parametrize(
    ("line", "doubtful"),
    [
        ("warnings: report", list(DOUBTS)),
        ("warnings: fail", list(WARNINGS)),
        ("warnings: [few_runs, shared_samples]", [*DOUBTS, "shared_samples", "few_runs"]),
        ("warnings: [few_runs, baseline_guesses]", [*DOUBTS, "few_runs"]),
        ("allow_doubtful: false", list(DOUBTS)),
        ("allow_doubtful: true", []),
        ("allow_doubtful: true\n  warnings: [few_runs]", ["few_runs"]),
        (
            "allow_doubtful: true\n  warnings: fail",
            [name for name in WARNINGS if name not in DOUBTS],
        ),
    ],
)
def test_warnings_that_make_a_run_doubtful(spec_file, sound, line, doubtful):
    spec = load(spec_file(gate_with(sound, line))).spec
    assert spec.gate.doubtful == doubtful
    assert list(spec.gate.limits) == ["top1", "size_bytes"]


def test_defaults_do_not_change_the_hash_of_a_spec(spec_file, sound):
    plain = load(spec_file(sound))
    assert list(plain.document["gate"]) == ["top1", "size_bytes"]
    spelled_out = gate_with(sound, "allow_doubtful: false\n  warnings: report")
    assert load(spec_file(spelled_out)).sha256 == plain.sha256
    assert load(spec_file(gate_with(sound, "warnings: fail"))).sha256 != plain.sha256


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "warnings: [few_runs, shared_sample]",
            "13:24 there is no warning `shared_sample` -> Did you mean `shared_samples`?",
        ),
        (
            "warnings: [overfitting]",
            "13:14 there is no warning `overfitting` -> The warnings are "
            + ", ".join(f"`{name}`" for name in list(WARNINGS)[:-1])
            + f" and `{list(WARNINGS)[-1]}`.",
        ),
        (
            "warnings: ignore",
            "13:13 `gate.warnings` cannot be the text `ignore` -> Write `report`, `fail`, or a "
            "list of ids such as `[shared_samples]`.",
        ),
        (
            "warnings: []",
            "13:13 `gate.warnings` cannot be a list -> Write `report`, `fail`, or a list of ids "
            "such as `[shared_samples]`.",
        ),
        (
            "warnings: [3]",
            "13:14 `gate.warnings.0` must be text, not 3 -> Put it in quotes.",
        ),
        (
            "allow_doubtful: yes",
            "13:19 `gate.allow_doubtful` must be true or false, not the text `yes` -> Write "
            "`true` or `false`, without quotes.",
        ),
    ],
)
def test_other_values_are_refused(complaints, sound, line, said):
    assert complaints(gate_with(sound, line)) == [said]


def test_a_doubt_is_either_allowed_or_named(complaints, sound):
    both = "allow_doubtful: true\n  warnings: [baseline_guesses]"
    assert complaints(gate_with(sound, both)) == [
        "14:14 `gate.warnings.0` is `baseline_guesses`, which `gate.allow_doubtful` allows -> "
        "Remove one of the two."
    ]


@pytest.mark.parametrize("value", ["{max: 1}", "fail", "[a]", "{maxx: 1}", "{max: {a: b}}", "null"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("warning", "`gate` has no key `warning` -> Did you mean `warnings`?"),
        ("famly", "`gate` has no key `famly` -> Did you mean `family`?"),
        ("size_byte", "there is no metric `size_byte` -> Did you mean `size_bytes`?"),
    ],
)
def test_a_misspelt_key_is_one_problem_whatever_its_value(complaints, sound, name, said, value):
    assert complaints(gate_with(sound, f"{name}: {value}")) == [f"13:3 {said}"]


def test_the_values_of_other_keys_are_checked_beside_a_misspelt_one(complaints, sound):
    assert complaints(gate_with(sound, "famly: none\n  load_ms: 3")) == [
        "13:3 `gate` has no key `famly` -> Did you mean `family`?",
        "14:12 `gate.load_ms` must be a mapping, not 3 -> Its keys are `min`, `max`, "
        "`max_drop`, `max_rise`, `max_drop_percent`, `max_ratio`, `confidence`, `each_slice` and "
        "`slices`.",
    ]


def test_warnings_alone_are_no_gate(complaints, sound):
    text = sound.replace(f"  {TOP1}\n", "  warnings: fail\n")
    text = "\n".join(line for line in text.splitlines() if "max_ratio" not in line)
    assert complaints(text) == [
        "12:3 `gate` has no limit -> Write for example `top1: {max_drop: 0.01}`."
    ]


@pytest.mark.parametrize("name", ["allow_doubtful", "warnings", "family"])
def test_no_metric_has_the_name_of_a_key_of_gate(complaints, sound, name):
    metrics = f"[{{metric: top1, name: {name}}}, top1, mse]"
    (said,) = complaints(sound.replace("[top1, mse]", metrics))
    assert said.endswith(
        f"`{name}` is a key of `gate`, so no metric can have this name -> Give this one another "
        "`name`."
    )
