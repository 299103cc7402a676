"""`quantgate completion SHELL`."""

import argparse
import sys
from pathlib import Path

from quantgate.commands.common.arguments import examples
from quantgate.errors import ExitCode

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Print a script that completes commands, options and file names. Let the shell load it at "
        "startup, as in the examples."
    )
    parser.epilog = examples(
        "quantgate completion bash > ~/.local/share/bash-completion/completions/quantgate",
        "quantgate completion zsh > ~/.zfunc/_quantgate",
        "quantgate completion fish > ~/.config/fish/completions/quantgate.fish",
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from quantgate.commands.common.parsing import parsers_in, whole_parser

    parser = whole_parser()
    for each in parsers_in(parser):
        for action in each._actions:
            if action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    sys.stdout.write(shtab.complete(parser, shell=options.shell) + "\n")
    return ExitCode.OK
