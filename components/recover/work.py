"""The work of `recover`: search for edits of each candidate, and write the edited models."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quantgate.components.artifacts.dataset import (
    Rows,
    content_sha256,
    read_manifests,
    selections_of,
)
from quantgate.components.calibrate.shards import shards_of
from quantgate.components.conversion.failure import sentence
from quantgate.components.litert.flatbuffer import Content, mapped
from quantgate.components.litert.normalization import normalized
from quantgate.components.processes.isolation import (
    IsolatedFailure,
    ResourceLimits,
    run_isolated,
    run_side_by_side,
)
from quantgate.components.processes.progress import expect
from quantgate.components.processes.sandbox import NOWHERE
from quantgate.components.quantizer.request import request_of
from quantgate.components.record_ranges.work import RECORD
from quantgate.components.recover.held_back import obstacle_to
from quantgate.components.recover.results import Item, Result, alike, result_of
from quantgate.components.recover.scoring import MetricJudge, Scorer
from quantgate.components.recover.search import Settings, search
from quantgate.components.recover.statistics import Statistics, gather_cells, merged
from quantgate.components.recover.subject import Samples, Subject, count_of, split
from quantgate.records.calibration import Ranges
from quantgate.records.outcomes import RecoveryStatus
from quantgate.records.recovery import Recovery
from quantgate.records.tasks import ModelFacts

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecoverInputs:
    """The paths of the artifacts that recovery reads.

    Attributes:
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        ranges: folder that `record_ranges` wrote.
        dataset: folder of the calibration set.
    """

    baseline: str
    facts: str
    ranges: str
    dataset: str


def recover(
    inputs: RecoverInputs,
    items: Sequence[Item],
    settings: Settings,
    limits: ResourceLimits,
    recovered_path: str,
    scorer: Scorer | None = None,
) -> bool:
    """Write `recovery.json` for each candidate, and the edited model with its ranges.

    They are in a folder with the name of the candidate that recovery is to improve. A candidate
    that cannot be recovered is a result, not an error.

    Args:
        inputs: the artifacts to read.
        items: those of the loop over recovered candidates.
        settings: the techniques and the budget.
        limits: of the statistics, and of the search for each candidate.
        recovered_path: the folder to write.
        scorer: the metric that edits are scored by, None to judge them by the agreement.

    Returns:
        Whether time or memory ran out, so that another attempt may succeed.

    Raises:
        InputError: a data set or the ranges are damaged, or the metric does not fit.
    """
    task = _Task.of(inputs, settings, limits, scorer)
    variants = dict.fromkeys(item.get("calibration", "") for item in items)
    groups = alike(items)
    expect(round(task.samples * (len(variants) + settings.budget * len(groups))))
    sources = {variant: _source(task, inputs.ranges, variant) for variant in variants}
    provisional = False
    for group in groups:
        result = _recovered(task, sources[group[0].get("calibration", "")], group[0])
        for item in group:
            result.named(item["recovers"]).write(Path(recovered_path) / item["recovers"])
        provisional |= result.provisional
    return provisional


@dataclass(frozen=True)
class _Source:
    """The statistics of a variant of the calibration, or the reason why there are none."""

    samples: Samples
    ranges: Ranges
    statistics: Statistics | None = None
    reason: str | None = None
    provisional: bool = False


@dataclass(frozen=True)
class _Task:
    """The inputs of the searches for all candidates.

    Attributes:
        content: of the normalized float model.
        facts: of the model.
        dataset: folder of the calibration set.
        selections: rows of the samples by variant and signature.
        sha256: the hash of the calibration set.
        settings: the techniques and the budget.
        limits: of each search.
        judge: scores models by a metric, None to judge them by their agreement.
    """

    content: Content
    facts: ModelFacts
    dataset: str
    selections: Mapping[str, Rows]
    sha256: str
    settings: Settings
    limits: ResourceLimits
    judge: MetricJudge | None

    @classmethod
    def of(
        cls,
        inputs: RecoverInputs,
        settings: Settings,
        limits: ResourceLimits,
        scorer: Scorer | None,
    ) -> "_Task":
        """Read the inputs."""
        facts = ModelFacts.read(inputs.facts)
        manifests = read_manifests(inputs.dataset, facts.keys)
        return cls(
            content=normalized(mapped(inputs.baseline)),
            facts=facts,
            dataset=inputs.dataset,
            selections=selections_of(manifests),
            sha256=content_sha256(manifests),
            settings=settings,
            limits=limits,
            judge=scorer.judge(inputs.baseline, facts) if scorer else None,
        )

    @property
    def scored(self) -> int:
        """The number of labelled samples that models are scored on."""
        return self.judge.samples if self.judge else 0

    @property
    def samples(self) -> int:
        """The number of samples that a budget of 1 runs, of the largest variant."""
        return max(map(count_of, self.selections.values())) + self.scored


def _source(task: _Task, ranges_path: str, variant: str) -> _Source:
    """Gather the statistics of a variant of the calibration."""
    samples = split(task.dataset, task.selections[variant], task.scored)
    ranges = Ranges.read(Path(ranges_path) / variant / RECORD)
    if reason := obstacle_to("recovery", task.content, ranges, samples):
        return _Source(samples, ranges, reason=reason)
    shards = shards_of({variant: samples.held_in}, stateful=False)
    log.info("statistics of %d samples in %d processes", count_of(samples.held_in), len(shards))
    calls = [(task.content, ranges, task.facts, task.dataset, cells) for cells in shards]
    try:
        parts = run_side_by_side(gather_cells, calls, limits=task.limits)
    except IsolatedFailure as failure:
        reason = sentence("gathering statistics", failure)
        return _Source(samples, ranges, reason=reason, provisional=failure.passing)
    return _Source(samples, ranges, merged(parts))


def _recovered(task: _Task, source: _Source, item: Item) -> Result:
    blank = Recovery(
        recovers=item["recovers"],
        status=RecoveryStatus.FAILED,
        samples=source.samples.count,
        held_back=count_of(source.samples.held_back),
        dataset_sha256=task.sha256,
        budget=task.settings.budget,
    )
    if source.statistics is None:
        reason = source.reason
        return Result(blank.model_copy(update={"reason": reason}), None, source.provisional)
    subject = Subject(
        task.content,
        task.facts,
        source.ranges,
        source.statistics,
        request_of(item),
        source.samples,
        task.judge,
    )
    log.info("searching for edits of %s", item["recovers"])
    try:
        runs = count_of(source.samples.held_in)
        settings = task.settings.of_recipe(item["recipe"])
        reach = task.judge.reach if task.judge else NOWHERE
        outcome = run_isolated(search, subject, settings, runs, limits=task.limits, reach=reach)
    except IsolatedFailure as failure:
        reason = sentence("the search for edits", failure)
        return Result(blank.model_copy(update={"reason": reason}), None, failure.passing)
    return result_of(blank, outcome, source.samples.per_run)
