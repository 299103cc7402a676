"""The spec: reading of a YAML file into a validated `Spec`, with all errors and their lines."""

from typing import TYPE_CHECKING

from quantgate.foundation.deferred import attributes

if TYPE_CHECKING:
    from quantgate.spec.reading.load import LoadedSpec, load

__all__ = ["LoadedSpec", "load"]
# A verb that only words a problem does not need all sections of a spec.
__getattr__ = attributes(__name__, dict.fromkeys(__all__, "quantgate.spec.reading.load"))
