"""The spec: from a YAML file to a validated `Spec`, with every mistake shown at its place."""

from quantgate.spec.preflight.paths import preflight
from quantgate.spec.reading.load import LoadedSpec, load

__all__ = ["LoadedSpec", "load", "preflight"]
