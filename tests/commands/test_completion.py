"""Completion scripts, in real shells where they are installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from quantgate.cli import main
from quantgate.commands.common.parsing import VERBS
from quantgate.commands.completion import SHELLS

#: Completes a line in bash as a key press would: words, then the number of the last one.
COMPLETE = """
source "$1"
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_LINE="${COMP_WORDS[*]}"
COMP_POINT=${#COMP_LINE}
function_name=$(complete -p quantgate | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function_name" quantgate "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(tmp_path: Path, capsys):
    def write(shell: str) -> Path:
        assert main(["completion", shell]) == 0
        path = tmp_path / f"quantgate.{shell}"
        path.write_text(capsys.readouterr().out)
        return path

    return write


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_names_every_command(shell: str, script) -> None:
    text = script(shell).read_text()
    assert all(verb in text for verb in VERBS)
    assert "no-cache" in text


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_a_shell_takes_the_script(shell: str, script) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", script(shell)], check=True)


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["val"], {"validate"}),
        (["run", "--no-c"], {"--no-cache"}),
        (["runs", "p"], {"prune"}),
        (["run", "--runner", "d"], {"docker"}),
        (["validate", "spe"], {"specs.yaml"}),
    ],
)
def test_bash_completes(words: list[str], completed: set[str], script, tmp_path: Path) -> None:
    (tmp_path / "specs.yaml").touch()
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    command = [bash, "-c", COMPLETE, "bash", script("bash"), "quantgate", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == completed
