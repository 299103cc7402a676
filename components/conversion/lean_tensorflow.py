"""TensorFlow without Keras, whose import takes as long as that of all the rest.

At its end `import tensorflow` imports Keras's optimizers, and with them all of Keras, scikit-learn
and matplotlib, so that whoever loads a SavedModel into Python finds the slots of an optimizer known
(`tensorflow/__init__.py`, b/196254385). The converter as it is entered here loads none.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module

#: What TensorFlow imports, of Keras 3 or of Keras 2 as the environment says.
OPTIMIZERS = ("keras.src.optimizers", "tf_keras.src.optimizers")


@contextmanager
def _halted(modules: tuple[str, ...]) -> Iterator[None]:
    """Let imports of modules fail that have not been imported yet, as if they were not there."""
    halted = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(halted))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for module in halted:
            del sys.modules[module]


with _halted(OPTIMIZERS):
    import tensorflow as tf


def know_optimizers() -> None:
    """Import what was left out, before a SavedModel is loaded into Python."""
    for module in OPTIMIZERS:
        with suppress(ImportError):
            import_module(module)


__all__ = ["know_optimizers", "tf"]
