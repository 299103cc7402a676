"""The work of `build_dataset`: check a source against the model, choose samples, store them."""

import json
import logging
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import MANIFEST, folder_of, open_dataset, write_summary
from quantgate.components.build_dataset.arrays import Arrays
from quantgate.components.build_dataset.fields import field_problems, missing_values
from quantgate.components.build_dataset.fit import listed, structure_problems
from quantgate.components.build_dataset.opening import Opened, open_source
from quantgate.components.build_dataset.selection import SELECTIONS
from quantgate.components.build_dataset.sources import Request
from quantgate.components.build_dataset.variants import (
    FIRST,
    Choice,
    choices_of,
    choose,
    most_samples,
    rules_of,
)
from quantgate.components.evaluate.planning import plan_metrics
from quantgate.components.processes.progress import expect
from quantgate.components.user_code import import_code
from quantgate.errors import InputError
from quantgate.records.tasks import Manifest, ModelFacts
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import is_callable_name

Purpose = Literal["calibration", "evaluation"]
STRATIFIED = "stratified"
#: What LiteRT's guide to post-training quantization advises for calibration.
ADVISED_SAMPLES = (100, 500)

log = logging.getLogger(__name__)


def build_dataset(
    source: str,
    *,
    facts_path: str,
    signature: str,
    purpose: str,
    label: str | None,
    samples: int | None,
    select: str,
    seed: int,
    dataset_path: str,
    summary_path: str,
    options: str = "{}",
    variants: str = "[]",
    others_path: str | None = None,
    others_summary_path: str | None = None,
    fields: str = "{}",
    metrics: Sequence[Mapping[str, object]] = (),
    code_path: str | None = None,
    code_sha256: str = "",
) -> None:
    """Select samples from a source, check them against one of the model's signatures, store them.

    Args:
        source: path of the source, or `module:function`, or "random".
        facts_path: `ModelFacts` of the model that the data is for.
        signature: key of the signature that the samples are for.
        purpose: "calibration" or "evaluation"; calibration does without labels unless the choice
            is stratified.
        label: key of the labels; None where there are none.
        samples: how many to take; None takes all.
        select: "first", "random" or "stratified".
        seed: seed of the choice.
        dataset_path: folder to write to: in a folder of the signature's, one .npy per array and
            `manifest.json`.
        options: JSON of the other keys of the spec's `DataSource`: `format`, `images`, ...
        variants: JSON list of further choices, each with `key`, `samples`, `select` and `seed`;
            the rows of each are in the manifest's `selections`.
        summary_path: folder to write the manifest and the samples' digests to, likewise.
        others_path: the data set of other signatures, to be carried over to `dataset_path`.
        others_summary_path: its summary, to be carried over to `summary_path`.
        fields: JSON of the arrays that metrics want beside inputs and label, by key, each with the
            values that have to be among its own; an evaluation set carries them.
        metrics: those of the spec's `measure.metrics` that have to fit the model's outputs and
            what was built, `others_path` included.
        code_path: a Python file, or a folder with it, that has the functions of `source` and of
            metrics.
        code_sha256: hash of its content.

    Raises:
        InputError: the source does not fit the model, with everything found wrong, or a metric
            does not fit them.
    """
    used_for = _purpose(purpose)
    choices = choices_of(Choice(samples, select, seed), variants)
    rules = rules_of(choices)
    if unknown := [rule for rule in rules if rule not in SELECTIONS]:
        raise InputError(f"select is `{unknown[0]}`; choose one of {listed(list(SELECTIONS))}")
    facts, wanted = ModelFacts.read(facts_path), json.loads(fields)
    request = Request(
        data=DataSource.model_validate_json(json.dumps({**json.loads(options), "source": source})),
        signature=facts.signature(signature),
        signatures=facts.keys,
        purpose=purpose,
        label=label,
        samples=most_samples(choices),
        seed=seed,
        first=most_samples(choices) if rules == [FIRST] else None,
        fields=frozenset(wanted),
        code=(code_path, code_sha256) if code_path else None,
    )
    with tempfile.TemporaryDirectory() as spool:
        needs_label = purpose == "evaluation" or STRATIFIED in rules
        opened = open_source(request, Path(spool), needs_label)
        problems = structure_problems(opened.arrays, opened.label, request.signature)
        _refuse(opened, purpose, problems or field_problems(opened.fields, opened.available))
        _carry_over(others_path, dataset_path)
        _carry_over(others_summary_path, summary_path)
        _write(opened, request, used_for, choices, wanted, dataset_path, summary_path)
    _check_metrics(metrics, facts, dataset_path, request.code)


def _carry_over(others: str | None, folder: str) -> None:
    if others:
        shutil.copytree(others, folder, dirs_exist_ok=True)


def _write(
    opened: Opened,
    request: Request,
    purpose: Purpose,
    choices: Mapping[str, Choice],
    wanted: Mapping[str, Sequence[str]],
    dataset: str,
    summary: str,
) -> None:
    labels = _class_labels(opened, required=STRATIFIED in rules_of(choices))
    chosen = choose(opened.path, opened.available, choices, labels)
    indices, selections = chosen.indices, chosen.selections
    if purpose == "calibration":
        for rows in selections.values():
            _warn_of_unusual_size(len(rows))
    folder = folder_of(dataset, request.signature.key)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = Arrays(folder, indices, purpose)
    expect(len(indices) * len(request.signature.inputs))
    inputs = {
        name: arrays.input(name, opened.arrays[name], np.dtype(facts.dtype))
        for name, facts in request.signature.inputs.items()
    }
    label = arrays.label(opened.label) if opened.label else None
    written = {**inputs, **({opened.label.key: label} if opened.label and label else {})}
    fields = {key: written.get(key) or arrays.field(array) for key, array in opened.fields.items()}
    manifest = Manifest(
        purpose=purpose,
        source=Path(opened.path).name,
        inputs=inputs,
        label=label,
        samples=len(indices),
        available=opened.available,
        select=choices[""].select,
        seed=choices[""].seed,
        per_class=None if labels is None else _counts(labels[indices]),
        content_sha256=arrays.digest.hexdigest(),
        selections=selections if len(selections) > 1 else {},
        synthetic=opened.synthetic,
        fields=fields,
        classes=opened.classes,
    )
    _refuse(opened, purpose, [*arrays.problems, *missing_values(opened.fields, indices, wanted)])
    manifest.write(folder / MANIFEST)
    write_summary(Path(summary), request.signature.key, manifest, arrays.samples.digests)


def _check_metrics(
    metrics: Sequence[Mapping[str, object]],
    facts: ModelFacts,
    dataset: str,
    code: tuple[str, str] | None,
) -> None:
    if code and any(is_callable_name(str(metric.get("metric"))) for metric in metrics):
        import_code(*code)
    plan_metrics(metrics, facts, partial(open_dataset, dataset))


def _purpose(purpose: str) -> Purpose:
    if purpose not in get_args(Purpose):
        raise InputError(f"purpose is `{purpose}`; choose one of {listed(get_args(Purpose))}")
    return cast(Purpose, purpose)


def _refuse(source: Opened, purpose: str, problems: list[str]) -> None:
    if problems:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise InputError(f"{source.path} cannot serve as {purpose} data:{lines}")


def _class_labels(source: Opened, required: bool) -> NDArray[Any] | None:
    label = source.label
    if label and label.dtype.kind in "iub" and label.shape[1:] in ((), (1,)):
        return np.concatenate(list(label.rows(np.arange(label.shape[0])))).reshape(-1)
    if required:
        given = f"`{label.key}` is {label.dtype} {list(label.shape)}" if label else "there are none"
        raise InputError(
            f"{source.path}: a stratified choice needs one integer label per sample, and {given}; "
            "name such a label, or choose `random`"
        )
    return None


def _warn_of_unusual_size(samples: int) -> None:
    least, most = ADVISED_SAMPLES
    if samples < least:
        log.warning(
            "calibrating on %d samples: LiteRT's guide advises %d to %d, fewer may miss parts of "
            "the tensors' ranges",
            *(samples, least, most),
        )
    elif samples > most:
        log.warning(
            "calibrating on %d samples: LiteRT's guide advises %d to %d, more cost time and "
            "outliers among them widen the ranges",
            *(samples, least, most),
        )


def _counts(labels: NDArray[Any]) -> dict[str, int]:
    classes, counts = np.unique(labels, return_counts=True)
    return {str(value): int(count) for value, count in zip(classes, counts, strict=True)}
