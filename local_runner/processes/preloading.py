"""Imports of a fork server, made once so that no task has to make them."""

import gc
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


def preload(statements: Iterable[str]) -> None:
    """Run import statements, and build the deferred validators of the imported pydantic models."""
    with _uncollected():
        for statement in statements:
            _run(statement)
        _build_validators()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Hide objects made in the block from the garbage collector, here and in forked processes.

    Modules stay in memory, so scanning them is useless. It takes a fifth of the time of an import,
    and again in every task.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _run(statement: str) -> None:
    try:
        exec(statement, {})
    except BaseException:
        # A task that needs the module fails with the same error, in its own log.
        traceback.print_exc()


def _build_validators() -> None:
    """Build the validators that pydantic models leave to their first use, which is in every task.

    Each builds on those that are already built, so all of them take little longer than the few that
    a single task uses.
    """
    pydantic = sys.modules.get("pydantic")
    if pydantic is None:
        return
    for model in _below(pydantic.BaseModel):
        if model.model_config.get("defer_build") and not model.__pydantic_complete__:
            # A model that cannot be built yet is left to the task that uses it.
            with suppress(Exception):
                model.model_rebuild(raise_errors=False)


def _below(model: type[Any]) -> Iterator[type[Any]]:
    for inheriting in model.__subclasses__():
        yield inheriting
        yield from _below(inheriting)
