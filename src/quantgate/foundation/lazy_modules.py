"""Submodules of libraries that are imported only when they are used."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@contextmanager
def put_off(*names: str) -> Iterator[None]:
    """Import a library without these submodules, which are imported once they are used.

    It is for what a library imports for a few rare functions. `importlib.util.LazyLoader` does not
    help, because a later import statement makes it load its module. A module that is already
    imported stays as it is.
    """
    for name in names:
        if name not in sys.modules:
            _put_in_place(_PutOff(name))
    yield


class _PutOff(ModuleType):
    def __getattr__(self, attribute: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
            _put_in_place(import_module(self.__name__))
        return getattr(sys.modules[self.__name__], attribute)


def _put_in_place(module: ModuleType) -> None:
    parent, _, name = module.__name__.rpartition(".")
    setattr(import_module(parent), name, module)
    sys.modules[module.__name__] = module
