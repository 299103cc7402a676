"""The work of `build_dataset`: check a source against the model, choose samples, store them."""

import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast, get_args

from quantgate.components.artifacts.dataset import DatasetFolder, open_dataset
from quantgate.components.artifacts.listing import read_listing
from quantgate.components.build_dataset.choosing import open_listed
from quantgate.components.build_dataset.fit import listed, structure_problems
from quantgate.components.build_dataset.groups import further_problems
from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.listed_source import listed_source
from quantgate.components.build_dataset.opening import Opened, open_source
from quantgate.components.build_dataset.sampling import choose
from quantgate.components.build_dataset.selection import SELECTIONS
from quantgate.components.build_dataset.sources import LABELLED, Purpose, Request
from quantgate.components.build_dataset.storing import store
from quantgate.components.build_dataset.variants import (
    FIRST,
    STRATIFIED,
    Choice,
    asked_samples,
    choices_of,
    most_samples,
    rules_of,
)
from quantgate.components.evaluate.planning import plan_metrics
from quantgate.components.user_code import UserCode, import_code
from quantgate.domain.warnings import Warned
from quantgate.errors import InputError
from quantgate.foundation.storage.remote import Listing
from quantgate.records.tasks import ModelFacts
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import is_callable_name

log = logging.getLogger(__name__)


def build_dataset(
    source: Source, requirements: Requirements, selection: Selection, paths: Paths
) -> None:
    """Select samples from a source, check them against a signature of the model, and store them.

    Raises:
        InputError: the source does not fit the model, with a list of all problems, or a metric
            does not fit model and data.
    """
    choices = _choices(selection)
    rules = rules_of(choices)
    facts = ModelFacts.read(paths.facts)
    required_values = json.loads(requirements.fields)
    listing = read_listing(source.listing) if source.listing else None
    located = replace(source, location=listing.uri) if listing else source
    request = request_of(located, requirements, choices, facts)
    needs_label = request.purpose in LABELLED or STRATIFIED in rules
    with _opening(request, listing, needs_label) as opened:
        told = _log_notes(opened)
        problems = structure_problems(opened.arrays, opened.label, request.signature)
        opened.refuse(request.purpose, problems or further_problems(opened))
        _carry_over(paths.others, paths.dataset)
        _carry_over(paths.others_summary, paths.summary)
        chosen = choose(opened, choices, request.purpose)
        store(opened, request, choices[""], chosen, required_values, paths)
        log_warnings(opened.warnings[told:])
    check_metrics(requirements.metrics, facts, partial(open_dataset, paths.dataset), source.code)


@contextmanager
def _opening(request: Request, listing: Listing | None, needs_label: bool) -> Iterator[Opened]:
    """Open a source for as long as its samples are needed."""
    with tempfile.TemporaryDirectory() as scratch:
        if listing is None:
            yield open_source(request, Path(scratch), needs_label)
            return
        listed = listed_source(request.data, listing, Path(scratch))
        with listed.named():
            yield open_listed(listed, request, needs_label)


def _log_notes(opened: Opened) -> int:
    """Log the warnings so far, and return their number."""
    log_warnings(opened.warnings)
    if opened.unused:
        log.info("%s: ignored, as neither inputs nor label: %s", opened.path, listed(opened.unused))
    return len(opened.warnings)


def log_warnings(warnings: Sequence[Warned]) -> None:
    """Log warnings about a source."""
    for warning in warnings:
        log.warning("%s", warning.message)


def _choices(selection: Selection) -> dict[str, Choice]:
    choices = choices_of(selection)
    if unknown := [rule for rule in rules_of(choices) if rule not in SELECTIONS]:
        raise InputError(f"select is `{unknown[0]}`. Choose one of {listed(list(SELECTIONS))}")
    return choices


def request_of(
    source: Source,
    requirements: Requirements,
    choices: Mapping[str, Choice],
    facts: ModelFacts,
) -> Request:
    """Return what a reader needs to know."""
    options = {**json.loads(source.options), "source": source.location}
    return Request(
        data=DataSource.model_validate_json(json.dumps(options)),
        signature=facts.signature(requirements.signature),
        signatures=facts.keys,
        purpose=_purpose(requirements.purpose),
        label=requirements.label,
        samples=most_samples(choices),
        asked=asked_samples(choices),
        seed=choices[""].seed,
        first=most_samples(choices) if rules_of(choices) == [FIRST] else None,
        fields=frozenset(json.loads(requirements.fields)),
        group=requirements.group,
        code=source.code,
    )


def _purpose(purpose: str) -> Purpose:
    if purpose not in get_args(Purpose):
        raise InputError(f"purpose is `{purpose}`. Choose one of {listed(get_args(Purpose))}")
    return cast(Purpose, purpose)


def _carry_over(others: str | None, folder: str) -> None:
    if others:
        shutil.copytree(others, folder, dirs_exist_ok=True)


def check_metrics(
    metrics: Sequence[Mapping[str, object]],
    facts: ModelFacts,
    dataset_of: Callable[[str], DatasetFolder],
    code: UserCode | None,
) -> None:
    """Check that metrics fit model and data.

    Args:
        metrics: items of the spec's `measure.metrics`.
        facts: of the model.
        dataset_of: returns the samples of a signature, by its key.
        code: the file with the functions of metrics, if there is one.

    Raises:
        InputError: a metric does not fit.
    """
    if code and any(is_callable_name(str(metric.get("metric"))) for metric in metrics):
        import_code(code)
    plan_metrics(metrics, facts, dataset_of)
