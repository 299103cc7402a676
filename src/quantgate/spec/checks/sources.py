"""How the keys of a data source go together: format, options, labels."""

from collections.abc import Iterator

from quantgate.errors import KeyPath
from quantgate.spec.checks.draft import Draft, LabelledSource
from quantgate.spec.model.data import DataSource, EvaluationSamples
from quantgate.spec.model.formats import (
    OPTIONS,
    PYTHON,
    RANDOM,
    SELF_LABELLED,
    declared_format,
    is_callable_name,
)
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted, listed


def source_form_findings(draft: Draft) -> Iterator[Finding]:
    """Check every source whose keys are sound in themselves."""
    for path, data in draft.sources.items():
        found = declared_format(data)
        yield from _option_findings(data, found, path)
        yield from _label_findings(data, found, path, draft.needs_labels)
        yield from _pair_findings(data, path)
        if found == "tfrecord" and not data.features:
            message = f"{dotted(path)} needs the key `features`"
            hint = "A TFRecord file does not tell shapes: `features: {image: {shape: [28, 28, 1]}}`"
            yield Finding(path, message, f"{hint}.", at_key=True)
        if found == PYTHON and not is_callable_name(data.source):
            message = f"{dotted((*path, 'source'))} names no Python function: {data.source}"
            yield Finding((*path, "source"), message, "Write `module:function`.")
        if found == RANDOM and data.samples is None:
            message = f"{dotted(path)} needs the key `samples`"
            yield Finding(path, message, "Say how many random samples to make.", at_key=True)


def _option_findings(data: DataSource, found: str | None, path: KeyPath) -> Iterator[Finding]:
    for option, formats in OPTIONS.items():
        if found and getattr(data, option) is not None and found not in formats:
            message = f"{dotted((*path, option))} is not for the format {found}"
            hint = f"It is for {listed(formats)}; remove it, or name another `format`."
            yield Finding((*path, option), message, hint, at_key=True)


def _label_findings(
    data: LabelledSource, found: str | None, path: KeyPath, needed: bool
) -> Iterator[Finding]:
    if found in SELF_LABELLED and data.label:
        made = "their folder" if found == "images" else "made with the data"
        message = f"{dotted((*path, 'label'))} is not for the format {found}"
        yield Finding((*path, "label"), message, f"The labels are {made}; remove it.", at_key=True)
    labelled = bool(data.label) or found in SELF_LABELLED
    if isinstance(data, EvaluationSamples) and needed and not labelled:
        message = f"{dotted(path)} needs the key `label`"
        hint = "`label`: Key of the labels or targets."
        if found is None:
            hint += " Of images by class the folder is the label: write `format: images`."
        yield Finding((*path, "label"), message, hint, at_key=True)


def _pair_findings(data: DataSource, path: KeyPath) -> Iterator[Finding]:
    if data.images and data.images.size is not None and len(data.images.size) != 2:
        place = (*path, "images", "size")
        message = f"{dotted(place)} must be two numbers, not {len(data.images.size)}"
        yield Finding(place, message, "Write `[height, width]`.")
    if data.random and not _is_range(data.random.range):
        place = (*path, "random", "range")
        message = f"{dotted(place)} must be two numbers, the lesser first"
        yield Finding(place, message, "Write for example `[0, 1]`.")


def _is_range(values: list[float]) -> bool:
    return len(values) == 2 and values[0] < values[1]
