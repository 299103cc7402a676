"""The actions `ls` and `prune`, for what is kept on disk."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from quantgate.commands.common.bounds import add_bounds


@dataclass(frozen=True)
class Action:
    """An action of a verb.

    Attributes:
        handler: runs it, and returns the exit code.
        help: its line in the help of the verb.
        description: the beginning of its own help.
    """

    handler: Callable[[argparse.Namespace], int]
    help: str
    description: str


def add_actions(
    parser: argparse.ArgumentParser,
    add_folder: Callable[[argparse.ArgumentParser], None],
    *,
    listing: Action,
    pruning: Action,
    age: str,
    size: str,
) -> None:
    """Add `ls` and `prune`.

    Args:
        parser: of the verb.
        add_folder: adds the option for the folder to both.
        listing: `ls`.
        pruning: `prune`.
        age: the beginning of the help of --older-than.
        size: the object of the help of --max-size.
    """
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    add_folder(_added(actions, "ls", listing))
    prune = _added(actions, "prune", pruning)
    add_bounds(prune, age=age, size=size)
    add_folder(prune)


def _added(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, action: Action
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=action.help, description=action.description)
    parser.set_defaults(handler=action.handler)
    return parser
