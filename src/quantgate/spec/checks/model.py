"""Checks of the model: one source, and no option that its kind does not take."""

from collections.abc import Iterator

from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.spec.checks.draft import Draft
from quantgate.spec.model.spec import ModelSource
from quantgate.spec.problems.findings import Finding

MODEL_SOURCES = (("model", "saved_model"), ("model", "keras"), ("model", "tflite"))
#: Tags of the graph that Keras exports.
_EXPORTED_TAGS = ["serve"]


def model_findings(draft: Draft) -> Iterator[Finding]:
    """Check the section `model`, and the options elsewhere that depend on the model's kind."""
    if draft.model is None:
        return
    yield from _source_findings(draft.model)
    if draft.model.key == "keras" and draft.model.tags != _EXPORTED_TAGS:
        message = "`model.tags` is for a SavedModel, but the model is a Keras file"
        yield Finding(("model", "tags"), message, "Remove it.", at_key=True)
    if draft.reads_tflite:
        yield from _tflite_findings(draft, draft.model)


def _source_findings(model: ModelSource) -> Iterator[Finding]:
    given = [key for _, key in MODEL_SOURCES if getattr(model, key)]
    if not given:
        message = "`model` needs `saved_model`, `keras` or `tflite`"
        yield Finding(("model",), message, "Write for example `saved_model: models/fashion`.")
    for key in given[1:]:
        message = f"`model` has both `{given[0]}` and `{key}`"
        yield Finding(("model", key), message, "Keep one of them.", at_key=True)


def _tflite_findings(draft: Draft, model: ModelSource) -> Iterator[Finding]:
    if model.tags != _EXPORTED_TAGS:
        message = "`model.tags` is for a SavedModel, but the model is a .tflite"
        yield Finding(("model", "tags"), message, "Remove it.", at_key=True)
    if model.batch is not None:
        message = "`model.batch` is for a model that is converted, but the model is a .tflite"
        hint = "Remove it, or convert the model again with this batch size."
        yield Finding(("model", "batch"), message, hint, at_key=True)
    for key in draft.converter_options:
        message = f"`quantize.{key}` is for a model that is converted"
        hint = "Remove it, as the model is a .tflite."
        yield Finding(("quantize", key), message, hint, at_key=True)
    yield from _mode_findings(draft)


def _mode_findings(draft: Draft) -> Iterator[Finding]:
    for path, candidate in draft.candidates.items():
        mode = QUANTIZED_MODES.get(candidate.mode)
        if mode:
            message = f"`{mode.name}` is a mode of TensorFlow's converter, which reads no .tflite"
            hint = f"Write `recipes: [{mode.counterpart}]` instead of `modes`."
            yield Finding((*path, "mode"), message, hint)
