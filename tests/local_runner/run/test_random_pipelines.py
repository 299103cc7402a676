"""Random pipelines of additions, branches and loops give what plain Python gives."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: UP006, UP035

import operator
import random
from dataclasses import dataclass
from typing import Any, List

import pytest
from kfp import dsl

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

component = dsl.component(base_image="image:1", install_kfp_package=False)

SIGNS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip


@component
def add(a: int, b: int) -> int:
    return a + b


@component
def total(numbers: List[int]) -> int:
    return sum(numbers)


@component
def below(limit: int) -> List[int]:
    return list(range(limit % 3 + 1))


@dataclass(frozen=True)
class Add:
    name: str
    left: str
    right: str | int


@dataclass(frozen=True)
class Branch:
    name: str
    left: str
    sign: str
    right: str | int
    then: "Block"
    other: "Block"


@dataclass(frozen=True)
class Loop:
    name: str
    item: str
    items: str | list[int]
    body: "Block"


@dataclass(frozen=True)
class Block:
    """Statements. The last one is an addition, and its name is the result."""

    statements: list[Any]

    @property
    def result(self) -> str:
        return self.statements[-1].name


class Writer:
    """Writes a random program for each seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._count = 0

    def block(self, scope: list[str], depth: int) -> Block:
        scope, statements = list(scope), []
        for _ in range(self._chance.randint(1, 3)):
            statements.append(self._statement(scope, depth))
            scope.append(statements[-1].name)
        return Block([*statements, self._add(scope)])

    def _name(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def _operand(self, scope: list[str]) -> str | int:
        return self._chance.choice([self._chance.choice(scope), self._chance.randint(-3, 5)])

    def _add(self, scope: list[str]) -> Add:
        # The last name has to be used, or half of a program would have no effect.
        return Add(self._name(), scope[-1], self._operand(scope))

    def _statement(self, scope: list[str], depth: int) -> Any:
        kind = self._chance.choice(["add", "branch", "loop"]) if depth else "add"
        if kind == "add":
            return self._add(scope)
        if kind == "branch":
            left, right = self._chance.choice(scope), self._operand(scope)
            sign = self._chance.choice(list(SIGNS))
            then, other = self.block(scope, depth - 1), self.block(scope, depth - 1)
            return Branch(self._name(), left, sign, right, then, other)
        literal = [self._chance.randint(-2, 4) for _ in range(self._chance.randint(1, 3))]
        items = self._chance.choice([literal, self._chance.choice(scope)])
        item = self._name()
        # kfp does not pass an item to the loops inside, but it passes a sum with it.
        first = Add(self._name(), item, self._operand(scope))
        body = self.block([*scope, first.name], depth - 1)
        return Loop(self._name(), item, items, Block([first, *body.statements]))


class Evaluation:
    """Runs a program in plain Python, and counts its tasks."""

    def __init__(self) -> None:
        self.tasks = 0

    def block(self, block: Block, values: dict[str, int]) -> int:
        values = dict(values)
        for statement in block.statements:
            values[statement.name] = self._value(statement, values)
        return values[block.result]

    def _value(self, statement: Any, values: dict[str, int]) -> int:
        self.tasks += 1
        if isinstance(statement, Add):
            return values[statement.left] + values.get(statement.right, statement.right)
        if isinstance(statement, Branch):
            right = values.get(statement.right, statement.right)
            holds = SIGNS[statement.sign](values[statement.left], right)
            return self.block(statement.then if holds else statement.other, values)
        items = statement.items
        if isinstance(items, str):
            self.tasks += 1
            items = range(values[items] % 3 + 1)
        return sum(self.block(statement.body, {**values, statement.item: one}) for one in items)


def compose(block: Block, channels: dict[str, Any]) -> Any:
    """Write the tasks of a program into the pipeline that is being defined."""
    channels = dict(channels)
    for statement in block.statements:
        channels[statement.name] = channel(statement, channels)
    return channels[block.result]


def channel(statement: Any, channels: dict[str, Any]) -> Any:
    if isinstance(statement, Add):
        right = channels.get(statement.right, statement.right)
        return add(a=channels[statement.left], b=right).output
    if isinstance(statement, Branch):
        right = channels.get(statement.right, statement.right)
        with dsl.If(SIGNS[statement.sign](channels[statement.left], right)):
            then = compose(statement.then, channels)
        with dsl.Else():
            other = compose(statement.other, channels)
        return add(a=dsl.OneOf(then, other), b=0).output
    items = statement.items
    with dsl.ParallelFor(
        below(limit=channels[items]).output if isinstance(items, str) else items
    ) as one:
        each = compose(statement.body, {**channels, statement.item: one})
    return total(numbers=dsl.Collected(each)).output


@pytest.mark.parametrize("seed", range(12))
def test_a_random_pipeline_gives_what_python_gives(run, seed):
    program = Writer(seed).block(["start"], depth=2)
    evaluation = Evaluation()
    expected = evaluation.block(program, {"start": 2})

    @dsl.pipeline(name="random")
    def pipeline(start: int) -> int:
        return compose(program, {"start": start})

    result = run(pipeline, start=2, jobs=4)

    assert (result.succeeded, result.outputs) == (True, {"Output": expected}), program
    done = [task for task in result.tasks if task.state.value == "SUCCEEDED"]
    assert len(done) == evaluation.tasks
