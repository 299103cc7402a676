"""Parse the conditions of `dsl.If`, `Elif` and `Else`, without `eval`.

They are written in CEL, the Common Expression Language. kfp only compiles to a part of it:
comparisons, `!`, `&&`, `||`, parentheses, literals, inputs, and `int`, `double`, `string`.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from quantgate.local_runner.ir.expressions import (
    CASTS,
    COMPARISONS,
    Cast,
    Comparison,
    Expression,
    Input,
    Junction,
    Literal,
    Minus,
    Not,
)

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<input>inputs\.parameter_values\[(?P<quote>['"])(?P<name>[^'"\\]+)(?P=quote)\])
    | (?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)
    | (?P<string>'(?:[^'\\\n\r]|\\.)*'|"(?:[^"\\\n\r]|\\.)*")
    | (?P<operator>==|!=|<=|>=|&&|\|\||[<>!()-])
    | (?P<word>[A-Za-z_]\w*)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?:x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    r"|(?P<octal>[0-3][0-7]{2})|(?P<letter>.))"
)
_LETTERS = dict(zip("abfnrtv\\'\"`?", "\a\b\f\n\r\t\v\\'\"`?", strict=True))
_WORDS = {"true": True, "false": False}


class ConditionError(ValueError):
    """A text is not a condition that the local runner supports. The message names the part."""


@lru_cache(maxsize=256)
def parse_condition(text: str) -> Expression:
    """Return the expression of a condition.

    Raises:
        ConditionError: the text is not a condition. The message names the part that is wrong.
    """
    try:
        return _Parser(_tokens(text)).whole()
    except RecursionError:
        raise ConditionError("its parts are nested too deeply") from None


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ConditionError(f"it cannot be read from `{text[position:].strip()}` on")
        kind = str(match.lastgroup)
        tokens.append((kind, match["name"] if kind == "input" else match[kind]))
        position = match.end()
    return tokens


class _Parser:
    """A recursive-descent parser with one method for each level of precedence."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "its end")]
        self._position = 0

    def whole(self) -> Expression:
        expression = self._junction("||", lambda: self._junction("&&", self._comparison))
        if self._kind != "end":
            raise self._unexpected()
        return expression

    @property
    def _kind(self) -> str:
        return self._tokens[self._position][0]

    @property
    def _text(self) -> str:
        return self._tokens[self._position][1]

    def _take(self) -> str:
        self._position += 1
        return self._tokens[self._position - 1][1]

    def _accept(self, *operators: str) -> str | None:
        return self._take() if self._kind == "operator" and self._text in operators else None

    def _expect(self, operator: str) -> None:
        if self._accept(operator) is None:
            raise self._unexpected()

    def _unexpected(self) -> ConditionError:
        return ConditionError(f"`{self._text}` is not expected there")

    def _junction(self, operator: str, operand: Callable[[], Expression]) -> Expression:
        left = operand()
        while self._accept(operator):
            left = Junction(left, operator, operand())
        return left

    def _comparison(self) -> Expression:
        left = self._unary()
        operator = self._accept(*COMPARISONS)
        return Comparison(left, operator, self._unary()) if operator else left

    def _unary(self) -> Expression:
        if self._accept("!"):
            return Not(self._unary())
        if self._accept("-"):
            return Minus(self._unary())
        return self._primary()

    def _primary(self) -> Expression:
        kind = self._kind
        if kind == "operator":
            return self._parenthesised()
        if kind == "word" and self._text in CASTS:
            return Cast(self._take(), self._parenthesised())
        if kind == "word" and self._text not in _WORDS:
            raise ConditionError(f"`{self._text}` is not known")
        make = _PRIMARIES.get(kind)
        if make is None:
            raise self._unexpected()
        return make(self._take())

    def _parenthesised(self) -> Expression:
        self._expect("(")
        inside = self._junction("||", lambda: self._junction("&&", self._comparison))
        self._expect(")")
        return inside


def _number(text: str) -> Literal:
    return Literal(int(text) if text.isdecimal() else float(text))


def _string(text: str) -> Literal:
    return Literal(_ESCAPE.sub(_unescaped, text[1:-1]))


def _unescaped(match: re.Match[str]) -> str:
    code = match["x"] or match["u"] or match["U"]
    if code or match["octal"]:
        return chr(int(code, 16) if code else int(match["octal"], 8))
    if match["letter"] not in _LETTERS:
        raise ConditionError(f"`{match[0]}` is not an escape sequence of CEL")
    return _LETTERS[match["letter"]]


_PRIMARIES: Mapping[str, Callable[[str], Expression]] = {
    "input": Input,
    "number": _number,
    "string": _string,
    "word": lambda text: Literal(_WORDS[text]),
}
