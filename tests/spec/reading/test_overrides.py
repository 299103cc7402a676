"""Values set on the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.errors import ExitCode, SpecError, UsageError
from quantgate.spec import load

SpecFile = Callable[[str], Path]


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("gate.top1.max_drop=2e-2", ("gate", "top1", "max_drop"), 0.02),
        ("name=other", ("name",), "other"),
        ("measure.latency=null", ("measure", "latency"), None),
        ("promote=", ("promote",), None),
        ("choose=[{maximize: top1}]", ("choose",), [{"maximize": "top1", "within": 0.0}]),
        ("choose.0.within=10%", ("choose", 0, "within"), "10%"),
        ("quantize.modes.1=dynamic_range", ("quantize", "modes", 1, "mode"), "dynamic_range"),
        ("gate.mse.max=4", ("gate", "mse", "max"), 4.0),
        ("data.evaluation.label=a=b", ("data", "evaluation", "label"), "a=b"),
        ("data.evaluation.label='1'", ("data", "evaluation", "label"), "1"),
    ],
)
def test_sets_a_value(
    spec_file: SpecFile, sound: str, override: str, path: tuple[str | int, ...], value: object
):
    here = load(spec_file(sound), [override]).document
    for key in path:
        here = here[key]
    assert here == value


def test_the_last_one_wins(spec_file: SpecFile, sound: str):
    loaded = load(spec_file(sound), ["name=first", "name=second"])
    assert loaded.spec.name == "second"


def test_missing_mappings_are_created(spec_file: SpecFile, sound: str):
    text = sound.replace("promote: {to: published}\n", "promote:\n")
    loaded = load(spec_file(text), ["promote.to=elsewhere", "quantize.timeout_s=60"])
    assert loaded.document["promote"]["to"] == "elsewhere"
    assert loaded.spec.quantize.timeout_s == 60


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "gate.top1",
            "--set 'gate.top1': write a path and a value, such as --set gate.top1.max_drop=0.02",
        ),
        ("=1", "--set '=1': write a path and a value, such as --set gate.top1.max_drop=0.02"),
        (
            "gate..max=1",
            "--set 'gate..max=1': write a path and a value, such as --set gate.top1.max_drop=0.02",
        ),
        (
            "name=\udcff",
            "--set 'name=\\udcff': write a path and a value, such as --set gate.top1.max_drop=0.02",
        ),
        (
            "name.first=x",
            "--set name.first=x: `name` is the text `fashion`, which has no `first`",
        ),
        (
            "quantize.modes.2=float16",
            "--set quantize.modes.2=float16: `quantize.modes` is a list of 2 entries, counted "
            "from 0",
        ),
        (
            "choose.last.within=1",
            "--set choose.last.within=1: `choose` is a list of 1 entry, counted from 0",
        ),
        (
            "quantize.modes=[a",
            "--set quantize.modes=[a: the value cannot be read: a list is not closed",
        ),
        (
            "gate={top1: {max: 1}, top1: {}}",
            "--set gate={top1: {max: 1}, top1: {}}: the value cannot be read: `top1` is given "
            "twice",
        ),
        (
            "name=*x",
            "--set name=*x: the value cannot be read: the alias `*x` is not allowed in a spec",
        ),
    ],
)
def test_refuses_what_cannot_be_set(spec_file: SpecFile, sound: str, override: str, message: str):
    with pytest.raises(UsageError) as caught:
        load(spec_file(sound), [override])
    assert str(caught.value) == message
    assert caught.value.exit_code == ExitCode.USAGE


def test_problems_name_the_override_instead_of_a_line(
    refused: Callable[..., SpecError], sound: str
):
    text = sound.replace("name: fashion", "nam: fashion")
    error = refused(text, "gate.top1.max_drop=2", "gate.top1.max_drop=3", "promote=x")
    assert str(error) == (
        "quantgate.yaml:2:1: the spec has no key `nam`\n"
        "    nam: fashion\n"
        "    ^\n"
        "  Did you mean `name`?\n"
        "\n"
        "--set promote=x: `promote` must be a mapping, not the text `x`\n"
        "  Its keys are `to` and `when_none_qualifies`.\n"
        "\n"
        "--set gate.top1.max_drop=3: `top1` is between 0 and 1, so a drop of 3 is no limit\n"
        "  Did you mean 0.03?\n"
        "\n"
        "3 problems in quantgate.yaml"
    )
    assert [problem.line for problem in error.problems] == [2, None, None]


def test_a_missing_key_in_a_mapping_created_by_an_override_names_the_override(
    complaints: Callable[..., list[str]], sound: str
):
    text = sound.replace("promote: {to: published}\n", "")
    assert complaints(text, "promote.when_none_qualifies=fail") == [
        "--set promote.when_none_qualifies=fail `promote` needs the key `to` -> `to`: Folder or "
        "URI to publish the winner in."
    ]


def test_overriding_a_mistake_in_the_file_repairs_it(spec_file: SpecFile, sound: str):
    text = sound.replace("max_drop: 0.01", "max_drop: one point")
    assert (
        load(spec_file(text), ["gate.top1.max_drop=0.01"]).spec.gate.limits["top1"].max_drop == 0.01
    )
