"""The parser of the command line: help, examples, and mistyped words."""

import importlib
import shlex
import subprocess
import sys

import pytest

from quantgate.cli import main
from quantgate.commands.common.parsing import VERBS, parsed

VERB_MODULES = {verb: importlib.import_module(f"quantgate.commands.{verb}") for verb in VERBS}


def _refused(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as exited:
        main(shlex.split(words))
    assert exited.value.code == 2
    return capsys.readouterr().err


def test_no_arguments_print_the_commands(capsys) -> None:
    with pytest.raises(SystemExit) as exited:
        main([])
    assert exited.value.code == 2
    printed = capsys.readouterr().out
    assert all(f"    {verb}" in printed for verb in VERBS)


def test_every_module_of_a_verb_is_in_the_help() -> None:
    import pkgutil

    from quantgate import commands

    modules = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert modules - {"common", "demo_digits"} == set(VERBS)


@pytest.mark.parametrize(
    ("words", "usage", "message"),
    [
        (
            "vlidate quantgate.yaml",
            "usage: quantgate validate ",
            "quantgate: error: there is no command `vlidate`. Did you mean `validate`?",
        ),
        (
            "frobnicate",
            "usage: quantgate [-h]",
            "quantgate: error: there is no command `frobnicate`. `quantgate --help` lists them",
        ),
        (
            "cache lst",
            "usage: quantgate cache ls ",
            "quantgate cache: error: there is no command `lst`. Did you mean `ls`?",
        ),
        (
            "run quantgate.yaml --no-chache",
            "usage: quantgate run ",
            "quantgate run: error: there is no option `--no-chache`. Did you mean `--no-cache`?",
        ),
        (
            "runs prune --oldr=3",
            "usage: quantgate runs prune ",
            "error: there is no option `--oldr`. Did you mean `--older-than`?",
        ),
        (
            "compare one two three",
            "usage: quantgate compare ",
            "quantgate compare: error: there is one argument too many: `three`",
        ),
        (
            "init --target cortex",
            "usage: quantgate init ",
            "--target cannot be `cortex`. Choose from cpu, gpu, ",
        ),
        (
            "run quantgate.yaml --runner dokcer",
            "usage: quantgate run ",
            "--runner cannot be `dokcer`. Did you mean `docker`?",
        ),
        (
            "init --metric accuracy",
            "usage: quantgate init ",
            "--metric cannot be `accuracy`. Did you mean `top1`?",
        ),
        (
            "init --target esp32",
            "usage: quantgate init ",
            "--target cannot be `esp32`. Did you mean `microcontroller`?",
        ),
        (
            "--hlep",
            "usage: quantgate [-h]",
            "quantgate: error: there is no option `--hlep`. Did you mean `--help`?",
        ),
        (
            "version",
            "usage: quantgate [-h]",
            "quantgate: error: there is no command `version`. Did you mean `--version`?",
        ),
    ],
)
def test_a_mistyped_word_gets_the_nearest_and_its_usage(
    words: str, usage: str, message: str, capsys
) -> None:
    printed = _refused(words, capsys)
    assert printed.startswith(usage)
    assert message in printed


@pytest.mark.parametrize("verb", VERBS)
def test_the_examples_of_a_verb_can_be_typed(verb: str, capsys) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    _, _, examples = capsys.readouterr().out.partition("examples:\n")
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert lines
    for line in lines:
        command, _, _ = line.partition(" >")
        assert parsed(shlex.split(command)[1:]).handler.__module__ == VERB_MODULES[verb].__name__


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_no_verb(option: str) -> None:
    code = (
        "import sys; from quantgate.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "loaded = {'pydantic', 'yaml', 'numpy', 'quantgate.spec', 'quantgate.commands.run'}\n"
        "print(sorted(loaded & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, option], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"
