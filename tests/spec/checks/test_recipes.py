"""Recipes that do not exist, never work or do not fit the target are refused with the reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quantgate.errors import SpecError
from quantgate.spec import load

RULE: dict[str, Any] = {
    "regex": ".*",
    "operation": "FULLY_CONNECTED",
    "algorithm_key": "min_max_uniform_quantize",
    "op_config": {
        "weight_tensor_config": {"num_bits": 4, "granularity": "CHANNELWISE"},
        "compute_precision": "INTEGER",
    },
}


def without_place(problems: list[str]) -> list[str]:
    return [problem.partition(" ")[2] for problem in problems]


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (
            "dynamic_wi2_afp32",
            "`dynamic_wi2_afp32` never works: 2-bit weights give NaN or do not load -> Remove it.",
        ),
        (
            "dynamic_wi8b32_afp32",
            "`dynamic_wi8b32_afp32` never works: no op supports 8-bit blocks, so the model would "
            "come back unchanged -> Remove it.",
        ),
        (
            "static_wi8_a8",
            "there is no recipe `static_wi8_a8` -> Did you mean `static_wi8_ai8`?",
        ),
        (
            "{recipe: dynamic_wi8_afp32, algorithm: MSE}",
            "`dynamic_wi8_afp32` cannot use `MSE`: with 8 bits it clips weights and loses "
            "accuracy. It is for 4-bit weights -> Remove it.",
        ),
        (
            "{recipe: dynamic_wi4_afp32, algorithm: HADAMARD_ROTATION}",
            "`dynamic_wi4_afp32` cannot use `HADAMARD_ROTATION`: it inserts a custom op that only "
            "LiteRT's default resolver has. Use `dynamic_wi4c_hr_afp32`, whose rotation consists "
            "of builtin ops -> Remove it.",
        ),
        (
            "{recipe: dynamic_wi8_afp32, algorithm: GPTQ}",
            "`dynamic_wi8_afp32` cannot use `GPTQ`: with 8 bits it gains nothing. It is for 4-bit "
            "weights -> Remove it.",
        ),
        (
            "{recipe: weight_only_wi4_afp32, algorithm: OSCAR}",
            "`weight_only_wi4_afp32` cannot use `OSCAR`: its layers take float activations and "
            "compute with integer weights, in any recipe -> Use a dynamic recipe, or another "
            "algorithm.",
        ),
        (
            "{recipe: dynamic_wi8_afp32, rules: [{recipe: dynamic_wi4_afp32, algorithm: OSCAR, "
            "operation: CONV_2D}]}",
            "`OSCAR` is for `FULLY_CONNECTED` only, not for `CONV_2D` -> Name another operation "
            "or algorithm.",
        ),
        (
            "{recipe: dynamic_wi4_afp32, algorithm: OCTAVE}",
            "`dynamic_wi4_afp32` cannot use `OCTAVE` -> Did you mean `OCTAV`?",
        ),
        (
            "{recipe: dynamic_wi8_afp32, inputs: int8}",
            "`dynamic_wi8_afp32` cannot have int8 inputs -> Its inputs can be `float32`. For int8 "
            "use `static_wi8_ai8` or `static_wi4_ai8`.",
        ),
        (
            "{recipe: dynamic_wi8_afp32, rules: [{recipe: float32, regex: 'dense('}]}",
            "`dense(` is not a regular expression: missing ), unterminated subpattern at position "
            "5 -> Put a backslash before characters that stand for themselves.",
        ),
        (
            "{recipe: dynamic_wi8_afp32, rules: [{recipe: float32, operation: FULY_CONNECTED}]}",
            "there is no operation `FULY_CONNECTED` -> Did you mean `FULLY_CONNECTED`?",
        ),
        (
            "{recipe: dynamic_wi8_afp32, rules: [{recipe: float32, operation: TRANSPOSE_CONV}]}",
            "there is no operation `TRANSPOSE_CONV` -> Did you mean `CONV_2D_TRANSPOSE`?",
        ),
        (
            "{recipe: dynamic_wi8_afp32, rules: [{recipe: float32, algorithm: OCTAV}]}",
            "`quantize.recipes.0.rules.0` leaves ops in float, so it has no algorithm -> Remove "
            "it.",
        ),
        (
            "{recipe: dynamic_wi8_afp32, rule: []}",
            "`quantize.recipes.0` has no key `rule` -> Did you mean `rules`?",
        ),
        (
            "{recipe: gs://bucket/mixed.json}",
            "`gs://bucket/mixed.json` is a URI, and a recipe has to be a local file -> Download "
            "it next to the spec.",
        ),
        (
            "{recipe: mixed.json, algorithm: OCTAV}",
            "`quantize.recipes.0` has an algorithm, but its rules are in a file -> Name it in the "
            "file.",
        ),
    ],
)
def test_mistakes_are_reported_with_a_fix(
    mistaken: Callable[[str, str], list[str]], recipe: str, expected: str
) -> None:
    problems = mistaken("float16]", f"float16], recipes: [{recipe}]")
    assert without_place(problems) == [expected]


@pytest.mark.parametrize(
    ("target", "recipe", "reason"),
    [
        ("microcontroller", "weight_only_wi8_afp32", "TFLite Micro runs weight-only models, but"),
        ("microcontroller", "dynamic_wi8_afp32", "TFLite Micro cannot run hybrid ops"),
        ("ethos_u", "static_wi4_ai8", "Vela crashes on 4-bit weights"),
        ("edge_tpu", "dynamic_wi8_afp32", "an Edge TPU runs integer-only models"),
        ("edge_tpu", "float_casting", "an Edge TPU runs integer-only models"),
        ("edge_tpu", "static_wi4_ai8", "an Edge TPU runs 8-bit weights only"),
        ("edge_tpu", "static_wi8_ai16", "an Edge TPU runs 8-bit activations only"),
    ],
)
def test_recipes_that_a_target_cannot_run_are_refused(
    mistaken: Callable[[str, str], list[str]], target: str, recipe: str, reason: str
) -> None:
    (problem,) = mistaken("float16]", f"float16], target: {target}, recipes: [{recipe}]")
    assert f"`{recipe}` is not for `{target}`: {reason}" in problem


def test_candidates_of_both_engines_have_names_of_their_own(
    mistaken: Callable[[str, str], list[str]],
) -> None:
    recipes = "[{recipe: dynamic_wi8_afp32, name: float16}, float_casting, float_casting]"
    problems = mistaken("float16]", f"float16], recipes: {recipes}")
    assert without_place(problems) == [
        "another candidate is called `float16` already -> Give this one another `name`.",
        "another candidate is called `float_casting` already -> Give this one another `name`.",
    ]


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        ("static_wi8_ai8", "static_wi8_ai8"),
        ("{recipe: dynamic_wi4_afp32, algorithm: GPTQ}", "dynamic_wi4_afp32-gptq"),
    ],
)
def test_a_recipe_without_its_data_is_refused(
    sound: str, spec_file: Callable[[str], Path], recipe: str, name: str
) -> None:
    text = sound.replace("[full_integer, float16]", f"[float16], recipes: [{recipe}]")
    lines = [line for line in text.splitlines() if "calibration:" not in line]
    with pytest.raises(SpecError, match=f"`{name}` needs representative data, but there is"):
        load(spec_file("\n".join(lines)))


def test_a_file_of_rules_is_read(sound: str, spec_file: Callable[[str], Path]) -> None:
    text = sound.replace("float16]", "float16], recipes: [{recipe: mixed.json}]")
    path = spec_file(text)
    (path.parent / "mixed.json").write_text(json.dumps([RULE]))
    loaded = load(path)
    (entry,) = loaded.spec.quantize.recipes
    assert entry.title == "mixed"
    assert entry.own_rules == [RULE]
    before = loaded.sha256
    (path.parent / "mixed.json").write_text(json.dumps([{**RULE, "regex": "dense"}]))
    assert load(path).sha256 != before


def changed(**settings: Any) -> dict[str, Any]:
    config = {**RULE["op_config"], **settings.pop("op_config", {})}
    weights = {**config["weight_tensor_config"], **settings.pop("weights", {})}
    return {**RULE, **settings, "op_config": {**config, "weight_tensor_config": weights}}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            [changed(weights={"granulrity": "TENSORWISE"})],
            "rule 1: `op_config.weight_tensor_config` has no key `granulrity`",
        ),
        ([RULE, changed(regx="x")], "rule 2: it has no key `regx`"),
        ([changed(op_config={"precision": 1})], "rule 1: `op_config` has no key `precision`"),
        ([changed(op_config={"skip_checks": True})], "`skip_checks` writes models that no kernel"),
        ([changed(weights={"num_bits": 2})], "rule 1: 2-bit weights give NaN or do not load"),
        (
            [changed(weights={"num_bits": 8, "granularity": "BLOCKWISE_32"})],
            "rule 1: no op supports 8-bit weights in blocks",
        ),
        (
            [changed(algorithm_key="HADAMARD_ROTATION")],
            "rule 1: `HADAMARD_ROTATION` cannot be used: it inserts a custom op",
        ),
        (
            [changed(algorithm_key="GPTQ", weights={"num_bits": 8})],
            "rule 1: `GPTQ`: with 8 bits it gains nothing",
        ),
        (
            [changed(algorithm_key="OSCAR", op_config={"compute_precision": "FLOAT"})],
            "rule 1: `OSCAR`: its layers take float activations and compute with integer weights",
        ),
        (
            [changed(algorithm_key="GPTQ", operation="CONV_2D")],
            "rule 1: `GPTQ` is for `FULLY_CONNECTED` only, not for `CONV_2D`",
        ),
        ([changed(algorithm_key="octav")], "rule 1: there is no algorithm `octav`"),
        ([changed(regex="(")], "rule 1: `(` is not a regular expression"),
        ([changed(operation="DENSE")], "rule 1: there is no operation `DENSE`"),
        ([{"regex": ".*"}], "rule 1: it needs the key `operation`"),
        ({}, "it is not a list of rules"),
    ],
)
def test_mistakes_in_a_file_are_reported(
    sound: str, spec_file: Callable[[str], Path], content: Any, expected: str
) -> None:
    path = spec_file(sound.replace("float16]", "float16], recipes: [mixed.json]"))
    (path.parent / "mixed.json").write_text(json.dumps(content))
    with pytest.raises(SpecError) as refused:
        load(path)
    assert f"`mixed.json`: {expected}" in str(refused.value).replace("\n", " ") or (
        expected in str(refused.value)
    )


@pytest.mark.parametrize(
    ("content", "expected"), [(None, "No such file"), ("[", "is not JSON"), ("[]", "not a list")]
)
def test_files_that_cannot_be_read_are_reported(
    sound: str, spec_file: Callable[[str], Path], content: str | None, expected: str
) -> None:
    path = spec_file(sound.replace("float16]", "float16], recipes: [mixed.json]"))
    if content is not None:
        (path.parent / "mixed.json").write_text(content)
    with pytest.raises(SpecError, match=expected):
        load(path)


STATIC = {"activation_tensor_config": {"num_bits": 8}}


@pytest.mark.parametrize(
    ("target", "settings", "reason"),
    [
        (
            "microcontroller",
            {"op_config": {"compute_precision": "FLOAT"}},
            "TFLite Micro runs weight-only models, but with wrong results",
        ),
        ("microcontroller", {}, "TFLite Micro cannot run hybrid ops"),
        ("ethos_u", {"op_config": STATIC}, "Vela crashes on 4-bit weights"),
        (
            "edge_tpu",
            {
                "op_config": {"activation_tensor_config": {"num_bits": 16}},
                "weights": {"num_bits": 8},
            },
            "an Edge TPU runs 8-bit activations only",
        ),
    ],
)
def test_rules_of_a_file_that_a_target_cannot_run_are_refused(
    sound: str, spec_file: Callable[[str], Path], target: str, settings: dict, reason: str
) -> None:
    text = sound.replace("float16]", f"float16], target: {target}, recipes: [mixed.json]")
    path = spec_file(text)
    (path.parent / "mixed.json").write_text(json.dumps([changed(**settings)]))
    with pytest.raises(SpecError) as refused:
        load(path)
    (problem,) = refused.value.problems
    assert problem.message == f"`mixed.json`: rule 1 is not for `{target}`: {reason}"


@pytest.mark.parametrize("rule", [{}, {"op_config": None}])
def test_a_rule_of_a_file_may_leave_ops_in_float(
    sound: str, spec_file: Callable[[str], Path], rule: dict
) -> None:
    path = spec_file(sound.replace("float16]", "float16], recipes: [mixed.json]"))
    plain = {"regex": "dense", "operation": "*", "algorithm_key": "no_quantize"}
    config = {**RULE["op_config"], "activation_tensor_config": None}
    rules = [{**RULE, "op_config": config}, {**plain, **rule}]
    (path.parent / "mixed.json").write_text(json.dumps(rules))
    (entry,) = load(path).spec.quantize.recipes
    assert entry.own_rules == [RULE, {**plain, "op_config": {}}]
