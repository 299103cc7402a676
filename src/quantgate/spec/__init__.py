"""The spec: reading of a YAML file into a validated `Spec`, with all errors and their lines."""

from quantgate.spec.preflight.paths import preflight
from quantgate.spec.reading.load import LoadedSpec, load

__all__ = ["LoadedSpec", "load", "preflight"]
