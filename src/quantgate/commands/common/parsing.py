"""The parser of the command line. It imports a verb's module only if the verb is used."""

import argparse
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

from quantgate import __version__
from quantgate.commands.common.messages import write_message
from quantgate.domain.other_names import meant
from quantgate.errors import ExitCode
from quantgate.foundation.nearest_names import nearest

#: Each verb with its line in the help. Its module is `quantgate.commands.<verb>`.
VERBS: Mapping[str, str] = MappingProxyType(
    {
        "init": "write a commented spec to start from",
        "validate": "check a spec and the files it names, without running anything",
        "plan": "show which modes and recipes would be tried and why, and the tasks that would run",
        "compile": "compile a spec into a Kubeflow pipeline",
        "lint": "check a compiled KFP pipeline for problems on a cluster",
        "run": "run a spec on this machine",
        "submit": "run a spec on a Kubeflow cluster",
        "upload": "upload a spec's pipeline to a Kubeflow cluster, as a new version",
        "schedule": "run a spec on a Kubeflow cluster on a schedule",
        "status": "show the state of a run on a Kubeflow cluster, or its decision",
        "show": "show the decision of a run",
        "explain": "explain why a candidate won or lost",
        "compare": "show what changed between two runs",
        "logs": "show the logs of a run's tasks",
        "inspect": "show the contents of any .tflite model, and check that it runs",
        "promote": "publish the winner of a run, or roll back to the previous version",
        "runs": "list runs on disk, or delete old ones",
        "cache": "list or prune the cached results of tasks",
        "completion": "print a script for completion in bash, zsh or fish",
        "demo": "train a small model, quantize it in every mode, and pick the best",
    }
)
_EPILOG = """\
a first look:      quantgate demo
your own model:    quantgate init, then quantgate run quantgate.yaml
on a cluster:      quantgate submit quantgate.yaml --host URL --wait

exit codes:  0  success: there is a winner, or the command has no decision to make
             1  a step failed
             2  wrong usage
             3  the spec is invalid
             4  no candidate meets the limits
             5  the run is doubtful, so nothing is promoted
            70  a bug in quantgate
           130  interrupted
"""


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of a command line. `handler` runs them.

    Args:
        arguments: the words after `quantgate`, or None for those of this process.

    Raises:
        SystemExit: the arguments are wrong, or ask for help or the version.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    parser = _parser()
    if not words:
        parser.print_help()
        raise SystemExit(ExitCode.USAGE)
    parser.refuse_unknown_option(words[0])
    return parser.parse_args(words)


def whole_parser() -> argparse.ArgumentParser:
    """Return the parser with the arguments of all verbs, which takes a while."""
    parser = _parser()
    for each in parsers_in(parser):
        if isinstance(each, _VerbParser):
            each.add_arguments()
    return parser


def parsers_in(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parsers of verbs and of actions below them."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield inner
                yield from parsers_in(inner)


def _parser() -> "_Parser":
    parser = _Parser(
        prog="quantgate",
        description="Try every LiteRT post-training quantization mode on a trained TensorFlow "
        "model, measure each candidate, and return the best one that meets your limits.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"quantgate {__version__}")
    verbs = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_VerbParser
    )
    for verb, sentence in VERBS.items():
        verbs.add_parser(verb, help=sentence, verb=verb)
    return parser


class _HelpFormatter(argparse.HelpFormatter):
    """A formatter that wraps descriptions, and keeps the lines of a text that has its own."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" not in text:
            return super()._fill_text(text, width, indent)
        return "".join(indent + line for line in text.splitlines(keepends=True))


class _Parser(argparse.ArgumentParser):
    """A parser that names the nearest command, option or value to a mistyped one."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=_HelpFormatter, **settings)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse the arguments. Refuse unknown ones with the usage of this parser."""
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse(unknown[0].partition("=")[0])
        return options, unknown

    def refuse_unknown_option(self, word: str) -> None:
        """Refuse a mistyped option in place of the command, before the command is missed."""
        if word.startswith("-") and word not in self._option_string_actions:
            self._refuse(word)

    def _refuse(self, word: str) -> NoReturn:
        if not word.startswith("-"):
            self.error(f"there is one argument too many: `{word}`")
        near = nearest(word, self._option_string_actions)
        self.error(f"there is no option `{word}`{_suggestion(near)}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        near = meant(str(value), known) or nearest(str(value), known)
        if not isinstance(action, argparse._SubParsersAction):
            name = "/".join(action.option_strings) or action.metavar
            way_out = _suggestion(near) or f". Choose from {', '.join(known)}"
            self.error(f"{name} cannot be `{value}`{way_out}")
        parser = action.choices[near[0]] if near else self
        parser.print_usage(sys.stderr)
        options = [name for name in (f"--{value}",) if name in self._option_string_actions]
        way_out = _suggestion(near or options) or f". `{self.prog} --help` lists them"
        self._end(f"there is no command `{value}`{way_out}")

    def error(self, message: str) -> NoReturn:
        """Print the usage and a message, and exit."""
        self.print_usage(sys.stderr)
        self._end(message)

    def _end(self, message: str) -> NoReturn:
        write_message(message, kind="error", origin=self.prog)
        self.exit(ExitCode.USAGE)


class _VerbParser(_Parser):
    """The parser of a verb. Its module is imported once the verb is used."""

    def __init__(self, verb: str | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self._verb = verb

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse the arguments of the verb."""
        self.add_arguments()
        return super().parse_known_args(args, namespace)

    def format_usage(self) -> str:
        """Return the usage of the verb."""
        self.add_arguments()
        return super().format_usage()

    def add_arguments(self) -> None:
        """Add the arguments of the verb, once."""
        verb, self._verb = self._verb, None
        if verb:
            importlib.import_module(f"quantgate.commands.{verb}").add_arguments(self)


def _suggestion(names: Sequence[str]) -> str:
    return f". Did you mean `{'` or `'.join(names)}`?" if names else ""
