"""Checks of data sources: that format, options and labels fit together."""

from collections import Counter
from collections.abc import Iterator, Sequence

from quantgate.errors import KeyPath
from quantgate.spec.checks.draft import Draft, LabelledSource
from quantgate.spec.model.data import DataSource, EvaluationSamples
from quantgate.spec.model.file_groups import EXAMPLE, pattern_problem
from quantgate.spec.model.formats import (
    IMAGES,
    PYTHON,
    RANDOM,
    SELF_LABELLED,
    declared_format,
    given_options,
    is_callable_name,
)
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted, listed


def source_form_findings(draft: Draft) -> Iterator[Finding]:
    """Check the well-formed sources."""
    for path, data in draft.sources.items():
        format_name = declared_format(data)
        yield from _option_findings(data, format_name, path)
        yield from _label_findings(data, format_name, path, draft.needs_labels)
        yield from _group_findings(data, format_name, path)
        yield from _pair_findings(data, path)
        if format_name == "tfrecord" and not data.features:
            message = f"{dotted(path)} needs the key `features`"
            hint = "A TFRecord file has no shapes. Write for example"
            hint += " `features: {image: {shape: [28, 28, 1]}}`."
            yield Finding(path, message, hint, at_key=True)
        if format_name == PYTHON and not is_callable_name(data.source):
            message = f"{dotted((*path, 'source'))} is not a Python function: {data.source}"
            yield Finding((*path, "source"), message, "Write `module:function`.")
        if format_name == RANDOM and data.samples is None:
            message = f"{dotted(path)} needs the key `samples`"
            yield Finding(path, message, "Set it to the number of random samples.", at_key=True)


def _option_findings(data: DataSource, format_name: str | None, path: KeyPath) -> Iterator[Finding]:
    for option, formats in given_options(data):
        if format_name and format_name not in formats:
            option_path = (*path, *option.split("."))
            message = f"{dotted(option_path)} is not for the format {format_name}"
            hint = f"It is for {listed(formats)}. Remove it, or set another `format`."
            if (option, format_name) == ("classes", IMAGES):
                hint = "For one folder per class, write `images: {classes: [..]}`."
            yield Finding(option_path, message, hint, at_key=True)


def _label_findings(
    data: LabelledSource, format_name: str | None, path: KeyPath, needed: bool
) -> Iterator[Finding]:
    if format_name in SELF_LABELLED and data.label:
        labels = "the folders" if format_name == "images" else "random, too"
        message = f"{dotted((*path, 'label'))} is not for the format {format_name}"
        hint = f"The labels are {labels}. Remove it."
        yield Finding((*path, "label"), message, hint, at_key=True)
    labelled = bool(data.label) or format_name in SELF_LABELLED
    if isinstance(data, EvaluationSamples) and needed and not labelled:
        message = f"{dotted(path)} needs the key `label`"
        hint = "`label`: Key of the labels or targets."
        if format_name is None:
            hint += " For images in one folder per class, write `format: images` instead."
        yield Finding((*path, "label"), message, hint, at_key=True)


def _group_findings(
    data: LabelledSource, format_name: str | None, path: KeyPath
) -> Iterator[Finding]:
    if not isinstance(data, EvaluationSamples) or not data.group:
        return
    group_path = (*path, "group")
    if format_name == RANDOM:
        message = f"{dotted(group_path)} is not for the format {format_name}"
        yield Finding(group_path, message, "It has no keys. Remove `group`.", at_key=True)
    if format_name == IMAGES and (problem := pattern_problem(data.group)):
        hint = f"For images it is a pattern of file names. Write for example `{EXAMPLE}`."
        yield Finding(group_path, f"{dotted(group_path)} {problem}", hint)


def _pair_findings(data: DataSource, path: KeyPath) -> Iterator[Finding]:
    if data.images and data.images.size is not None and len(data.images.size) != 2:
        size_path = (*path, "images", "size")
        message = f"{dotted(size_path)} must be two numbers, not {len(data.images.size)}"
        yield Finding(size_path, message, "Write `[height, width]`.")
    folders = data.images.classes if data.images else None
    yield from _class_findings(folders, (*path, "images", "classes"))
    yield from _class_findings(data.classes, (*path, "classes"))
    if data.random and not _is_range(data.random.range):
        range_path = (*path, "random", "range")
        message = f"{dotted(range_path)} must be two numbers, the smaller first"
        yield Finding(range_path, message, "Write for example `[0, 1]`.")


def _class_findings(classes: Sequence[str] | None, path: KeyPath) -> Iterator[Finding]:
    if repeated := _repeated(classes or ()):
        message = f"{dotted(path)} has {listed(repeated, 'and')} more than once"
        yield Finding(path, message, "A class is one output of the model.")


def _repeated(names: Sequence[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _is_range(values: list[float]) -> bool:
    return len(values) == 2 and values[0] < values[1]
