"""Errors in a spec: findings have a key path, problems a line and column."""

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
    """An error at a key path, without a position in the file.

    Attributes:
        path: keys and list indices from the top. The last one may be a missing key.
        message: one sentence without a full stop.
        hint: sentences that say what to do.
        at_key: whether the error is in the key rather than in its value.
    """

    path: KeyPath
    message: str
    hint: str | None = None
    at_key: bool = False


class Unknown(Finding):
    """A name that does not exist. Errors in its value are left out."""


class Missing(Finding):
    """A file or module that this machine lacks, and another one may have."""


def without_values_of_unknown(findings: Sequence[Finding]) -> list[Finding]:
    """Leave out the findings in the values of unknown names."""
    unknown = {finding.path for finding in findings if isinstance(finding, Unknown)}
    return [
        finding
        for finding in findings
        if isinstance(finding, Unknown) or not unknown.intersection(_prefixes(finding.path))
    ]


def _prefixes(path: KeyPath) -> list[KeyPath]:
    return [path[: length + 1] for length in range(len(path))]


def spec_error(problems: Sequence[Problem], name: str, lines: Sequence[str]) -> SpecError:
    """Return an error with the problems in the order of the file, and their number."""
    ordered = sorted(problems, key=_order)
    blocks = [_block(problem, name, lines) for problem in ordered[:MAX_SHOWN]]
    count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    rest = f", of which the first {MAX_SHOWN} are shown" if len(ordered) > MAX_SHOWN else ""
    return SpecError("\n\n".join([*blocks, f"{count} in {name}{rest}"]), tuple(ordered))


def _order(problem: Problem) -> tuple[bool, int, int]:
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
    """Return a line cut to `EXCERPT_WIDTH`, and a line with a caret below a column (from 1).

    Return nothing for an empty line.
    """
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
