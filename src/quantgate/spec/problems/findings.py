"""What is wrong with a spec, and where: findings by key path, problems by line and column."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from quantgate.errors import KeyPath, Problem, SpecError

EXCERPT_WIDTH = 88
MAX_SHOWN = 50
INDENT = "    "
ELLIPSIS = "..."


@dataclass(frozen=True)
class Finding:
    """Something wrong at a key path, not yet looked up in the file.

    Attributes:
        path: keys and list indices from the top; the last one may be a key that is missing.
        message: one sentence without a full stop.
        hint: what to do, as sentences.
        at_key: whether the key is at fault rather than its value.
    """

    path: KeyPath
    message: str
    hint: str | None = None
    at_key: bool = False


def spec_error(problems: Sequence[Problem], name: str, lines: Sequence[str]) -> SpecError:
    """Make the error that shows the problems in the order of the file, and their count."""
    ordered = sorted(problems, key=_place)
    blocks = [_block(problem, name, lines) for problem in ordered[:MAX_SHOWN]]
    count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    rest = f"; the first {MAX_SHOWN} are shown" if len(ordered) > MAX_SHOWN else ""
    return SpecError("\n\n".join([*blocks, f"{count} in {name}{rest}"]), tuple(ordered))


def _place(problem: Problem) -> tuple[bool, int, int]:
    return problem.line is None, problem.line or 0, problem.column or 0


def _block(problem: Problem, name: str, lines: Sequence[str]) -> str:
    if problem.line is None or problem.column is None:
        block = [f"--set {problem.override}: {problem.message}"]
    else:
        block = [f"{name}:{problem.line}:{problem.column}: {problem.message}"]
        block += excerpt(lines[problem.line - 1], problem.column)
    if problem.hint:
        block.append(f"  {problem.hint}")
    return "\n".join(block)


def excerpt(line: str, column: int) -> list[str]:
    """Show a line over a caret at a column (from 1), cut to `EXCERPT_WIDTH`; no empty line."""
    if not line.strip():
        return []
    start = max(0, min(column - 1 - EXCERPT_WIDTH // 2, len(line) - EXCERPT_WIDTH))
    end = start + EXCERPT_WIDTH
    lead = ELLIPSIS if start else ""
    tail = ELLIPSIS if end < len(line) else ""
    before = lead + _visible(line[start : column - 1])
    shown = before + _visible(line[column - 1 : end]) + tail
    caret = " " * sum(map(_cells, before)) + "^"
    return [(INDENT + shown).rstrip(), INDENT + caret]


def _visible(text: str) -> str:
    spaced = text.replace("\t", " ")
    return "".join(character if character.isprintable() else "?" for character in spaced)


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
