"""Import TensorFlow without Keras, which takes half of the time of the import.

`import tensorflow` ends with the import of Keras's optimizers, and with them all of Keras,
scikit-learn and matplotlib. They make the slots of an optimizer known (`tensorflow/__init__.py`,
b/196254385). TensorFlow's loader imports what it needs for them itself.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: The modules that TensorFlow imports, of Keras 3 or Keras 2.
OPTIMIZERS = ("keras.src.optimizers", "tf_keras.src.optimizers")


@contextmanager
def _blocked(modules: tuple[str, ...]) -> Iterator[None]:
    """Make the import of modules fail in this context, unless they have been imported before."""
    blocked = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(blocked))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for module in blocked:
            del sys.modules[module]


with _blocked(OPTIMIZERS):
    import tensorflow as tf


__all__ = ["tf"]
