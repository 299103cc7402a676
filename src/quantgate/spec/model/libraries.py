"""The libraries that the tasks of a spec need."""

from quantgate.spec.model.formats import TENSORFLOW, declared_format
from quantgate.spec.model.spec import Spec


def needs_tensorflow(spec: Spec) -> bool:
    """Return whether a task converts a model of TensorFlow, or reads data with TensorFlow."""
    sections = (spec.data.calibration, spec.data.evaluation)
    named = (each.of(key) for each in sections if each for key in spec.model.signatures)
    sources = [*named, *([spec.data.search] if spec.data.search else [])]
    reads = any(declared_format(source) in TENSORFLOW for source in sources)
    return reads or spec.model.tflite is None
