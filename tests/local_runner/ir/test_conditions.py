"""Conditions in CEL: their values, their errors and their texts for people."""

import pytest

from quantgate.local_runner.ir.conditions import parse_condition
from quantgate.local_runner.ir.expressions import inputs_of, truth
from quantgate.local_runner.ir.values import TaskError

N, TEXT, FLAG = (f"inputs.parameter_values['{name}']" for name in ("n", "text", "flag"))
VALUES = {"n": 3, "text": "it's", "flag": True, "half": 0.5, "digits": "12", "rows": [1]}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (f"{N} == 3.0", True),
        (f"int({N}) != 3", False),
        (f"-4 < -{N} && -{N} <= -3", True),
        (f"{TEXT} == 'it\\'s'", True),
        (f'{TEXT} == "it\'s"', True),
        (f"{TEXT} < 'j'", True),
        ("'\\u00e9\\x41\\101\\n' == '\u00e9AA\\n'", True),
        (f"{FLAG} == true", True),
        (f"!{FLAG} || {FLAG}", True),
        (f"true || {FLAG} == 'never asked' && false", True),
        (f"(true || {FLAG}) && false", False),
        (f"{N} == '3'", False),
        (f"{N} != '3'", True),
        (f"{FLAG} == 1", False),
        (f"string({N}) == '3'", True),
        ("int(inputs.parameter_values['digits']) == 12", True),
        ("double(inputs.parameter_values['digits']) >= 1.2e1", True),
        ("int(inputs.parameter_values['half']) == 0", True),
        ("false && inputs.parameter_values['absent'] == 1", False),
    ],
)
def test_conditions_have_the_values_of_cel(text, holds):
    assert truth(parse_condition(text), VALUES) is holds


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"{N} < '3'", "its condition compares 3 < '3'"),
        (f"{FLAG} > false", "its condition compares True > False"),
        ("inputs.parameter_values['rows'] < 1", "its condition compares [1] < 1"),
        (f"int({TEXT}) == 1", 'its condition takes int of "it\'s"'),
        (f"int({FLAG}) == 1", "its condition takes int of True"),
        (f"-{TEXT} == 1", 'its condition takes the negative of "it\'s"'),
        (f"{N}", "its condition is 3, neither true nor false"),
        (f"{N} || true", "its condition is 3, neither true nor false"),
        (
            "inputs.parameter_values['pipelinechannel--add-Output'] == 1",
            "its condition needs `add-Output`, which has no value",
        ),
    ],
)
def test_a_condition_without_a_value_is_an_error(text, error):
    with pytest.raises(TaskError) as caught:
        truth(parse_condition(text), VALUES)
    assert str(caught.value) == error


def test_the_text_of_a_condition_has_no_casts_and_channels():
    text = (
        "!(int(inputs.parameter_values['pipelinechannel--a']) == 1) && "
        '(double(inputs.parameter_values["b"]) < 2.5 || true)'
    )
    condition = parse_condition(text)
    assert str(condition) == "!(a == 1) && (b < 2.5 || true)"
    assert inputs_of(condition) == {"pipelinechannel--a", "b"}
