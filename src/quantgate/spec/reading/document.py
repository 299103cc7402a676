"""A spec file as plain values with their positions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from quantgate.errors import KeyPath, Problem, SpecError
from quantgate.spec.problems.findings import Finding, spec_error


@dataclass(frozen=True)
class Mark:
    """The position of a value in the file.

    Attributes:
        value: line and column of the value, from 1.
        key: line and column of its key, None for list items.
    """

    value: tuple[int, int]
    key: tuple[int, int] | None = None


@dataclass(frozen=True)
class Document:
    """The content of a spec file with the values set on the command line.

    Attributes:
        name: the file's path as the user gave it.
        lines: the file's lines.
        value: the content as mappings, lists and scalars.
        marks: positions in the file by key path.
        problems: YAML errors that did not stop the parser.
        overrides: the `--set` arguments by the key path that they set.
    """

    name: str
    lines: tuple[str, ...]
    value: dict[str, Any]
    marks: Mapping[KeyPath, Mark]
    problems: tuple[Problem, ...] = ()
    overrides: Mapping[KeyPath, str] = field(default_factory=dict)

    def error(self, findings: Iterable[Finding]) -> SpecError:
        """Return an error with the document's own problems and the findings, with positions."""
        located = [self.locate(finding) for finding in findings]
        return spec_error([*self.problems, *located], self.name, self.lines)

    def locate(self, finding: Finding) -> Problem:
        """Return a finding with its position, or that of the nearest mapping or list around it."""
        override = self._override_at(finding.path)
        line, column = (None, None) if override else self._position(finding)
        return Problem(finding.path, line, column, finding.message, finding.hint, override)

    def _override_at(self, path: KeyPath) -> str | None:
        unmarked = next((end for end in _prefixes(path) if end not in self.marks), None)
        for target, argument in reversed([*self.overrides.items()]):
            if path[: len(target)] == target:
                return argument
            if unmarked and target[: len(unmarked)] == unmarked:
                return argument
        return None

    def _position(self, finding: Finding) -> tuple[int, int]:
        nearest = [path for path in _prefixes(finding.path) if path in self.marks][-1]
        mark = self.marks[nearest]
        at_key = finding.at_key or nearest != finding.path
        return mark.key if at_key and mark.key else mark.value


def _prefixes(path: KeyPath) -> Iterable[KeyPath]:
    return (path[:length] for length in range(len(path) + 1))
