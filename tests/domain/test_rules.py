import math

import pytest

from quantgate.domain.rules import RULES, in_percent
from quantgate.spec.model.limit import Rules

CASES = [(0.75, 1.0), (1.25, 1.0), (3.0, 4.0), (-3.0, 4.0)]


def test_a_spec_has_a_key_for_each_rule():
    assert [*RULES, "confidence"] == list(Rules.model_fields)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_a_formula_gives_the_value_of_the_code(rule):
    for candidate, baseline in CASES:
        scope = {"candidate": candidate, "baseline": baseline, "abs": abs}
        assert rule.value(candidate, baseline) == eval(rule.formula, scope)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_sign_scale_and_offset_give_the_value_of_the_code(rule):
    for candidate, baseline in CASES:
        difference = rule.sign * (candidate - baseline) if rule.compares else candidate
        scaled = rule.offset + rule.scale(baseline) * difference
        assert rule.value(candidate, baseline) == pytest.approx(scaled)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_the_figure_at_a_value_has_that_value(rule):
    for candidate, baseline in CASES:
        value = rule.value(candidate, baseline)
        assert rule.figure_at(value, baseline) == pytest.approx(candidate)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_the_rule_to_use_instead_fits_the_other_direction(rule):
    instead = RULES[rule.instead]
    assert instead.higher_is_better != rule.higher_is_better
    assert instead.instead == rule.name


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_a_schema_states_the_formula(rule):
    description = Rules.model_fields[rule.name].description
    assert f"`{rule.formula}`" in description
    assert description.startswith(rule.side.capitalize())


def test_a_ratio_to_a_baseline_that_is_not_positive_is_nan():
    assert math.isnan(RULES["max_ratio"].value(1.0, 0.0))
    assert math.isnan(RULES["max_drop_percent"].value(1.0, 0.0))


def test_only_max_drop_has_a_rule_in_percent():
    assert in_percent("max_drop") is RULES["max_drop_percent"]
    assert [name for name in RULES if in_percent(name)] == ["max_drop"]
    assert in_percent("confidence") is None
