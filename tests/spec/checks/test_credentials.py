"""Credentials in the URIs of a spec are refused, and no message shows them."""

import pytest

from quantgate.cli import main

SECRET = "s3cret/+="
URI = f"s3://AKIA7:{SECRET}@bucket/x"
REMOVE = (
    "Remove them from the URI, and put them into the environment, such as AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY."
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("models/fashion", URI, f"3:22 `model.saved_model` has credentials in its URI -> {REMOVE}"),
        (
            "{to: published}",
            f"{{to: '{URI}'}}",
            f"15:15 `promote.to` has credentials in its URI -> {REMOVE}",
        ),
        (
            "source: test.npz",
            f'source: "{URI}"',
            f"6:24 `data.evaluation.source` has credentials in its URI -> {REMOVE}",
        ),
    ],
)
def test_credentials_in_the_file_are_refused(complaints, sound, old, new, expected):
    assert complaints(sound.replace(old, new)) == [expected]


def test_credentials_on_the_command_line_are_refused(refused, sound):
    error = refused(sound, f"promote.to={URI}")
    assert str(error).startswith(
        "--set promote.to=s3://*****:*********@bucket/x: `promote.to` has credentials in its URI\n"
    )
    assert SECRET not in str(error)


def test_other_problems_show_no_credentials(refused, sound):
    for change in (f"tags: {URI}", f"unknown: {URI}", f"signatures: [{URI}"):
        error = refused(sound.replace("models/fashion}", f"models/fashion, {change}}}"))
        assert SECRET not in str(error)


@pytest.mark.parametrize("verb", ["validate", "plan", "run", "compile", "submit"])
def test_no_command_shows_or_keeps_credentials(spec_file, sound, verb, capsys, tmp_path):
    path = spec_file(sound.replace("models/fashion", URI))
    assert main([verb, str(path)]) == 3
    output = capsys.readouterr()
    assert SECRET not in output.out + output.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["quantgate.yaml"]
