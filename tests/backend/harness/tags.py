"""Argo's template tags: `{{inputs.parameters.x}}` in a workflow, and its two kinds of condition."""

import json
import re
from collections.abc import Mapping
from typing import Any

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_COMPARISON = re.compile(r"(\S+) (==|!=) (\S+)")
_DEPENDENCY = re.compile(r"([\w-]+)\.(\w+)")

Scope = Mapping[str, str]


class BadTag(Exception):
    """A tag that Argo would refuse or wait for without end."""


def replace(value: Any, scope: Scope, strict: tuple[str, ...] = ()) -> Any:
    """Return a part of a workflow with its tags replaced. Unknown tags stay.

    As in Argo, tags are replaced in the JSON text, and once only. A tag inside an inserted
    text stays.

    Raises:
        BadTag: an unknown tag begins with one of `strict`.
    """

    def filled(match: re.Match[str]) -> str:
        tag = match[1]
        outer, nested, inner = tag.rpartition("{{")
        if (text := scope.get(tag.strip())) is not None:
            return _quoted(text)
        if nested and outer and (text := scope.get(inner)) is not None:
            return "{{" + outer + _quoted(text)
        if tag.strip().startswith(strict or ("\0",)):
            raise BadTag(f"failed to resolve {{{{{tag}}}}}")
        return match[0]

    return json.loads(_TAG.sub(filled, json.dumps(value, ensure_ascii=False)))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def holds(when: str) -> bool:
    """Return the value of a `when`, which is a comparison of two words.

    Raises:
        BadTag: it is anything else, which is an error in Argo too.
    """
    if not when:
        return True
    if (comparison := _COMPARISON.fullmatch(when.strip())) is None:
        raise BadTag(f"invalid 'when' expression {when!r}")
    left, operator, right = comparison.groups()
    return (left == right) == (operator == "==")


def dependencies(depends: str) -> list[tuple[str, str]]:
    """Return the tasks of a `depends` with the phase that each must have.

    Raises:
        BadTag: it has more than `task.Phase && ..`, which is all that KFP writes.
    """
    terms = [term.strip() for term in depends.split("&&") if term.strip()]
    matches = [_DEPENDENCY.fullmatch(term) for term in terms]
    if None in matches:
        raise BadTag(f"'depends' of a form that KFP does not write: {depends!r}")
    return [(match[1], match[2]) for match in matches if match]
