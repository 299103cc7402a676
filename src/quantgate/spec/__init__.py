"""The spec: from a YAML file to a validated `Spec`, with every mistake shown at its place."""

from quantgate.spec.loading import LoadedSpec, load
from quantgate.spec.preflight import preflight

__all__ = ["LoadedSpec", "load", "preflight"]
