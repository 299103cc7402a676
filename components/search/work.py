"""The work of `search`: choose the bits of each layer for the candidates, and write the rules."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantgate.components.artifacts.dataset import content_sha256, read_manifests, selections_of
from quantgate.components.conversion.failure import sentence
from quantgate.components.litert.flatbuffer import mapped
from quantgate.components.litert.normalization import normalized
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.components.processes.progress import expect
from quantgate.components.processes.sandbox import NOWHERE
from quantgate.components.quantizer.request import request_of
from quantgate.components.record_ranges.work import RECORD
from quantgate.components.recover.held_back import obstacle_to
from quantgate.components.recover.scoring import MetricJudge, Scorer
from quantgate.components.recover.subject import count_of, split
from quantgate.components.search.mixing import Source
from quantgate.components.search.slots import Choice, Mix, NothingToMix, Outcome, fill_slots
from quantgate.domain.figures import SIZE
from quantgate.domain.search import recipes_for
from quantgate.errors import InputError
from quantgate.records.calibration import Ranges
from quantgate.records.outcomes import SearchStatus
from quantgate.records.search import LayerBits, Search
from quantgate.records.tasks import ModelFacts

SEARCH = "search.json"
Item = Mapping[str, Any]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchInputs:
    """The paths of the artifacts that the search reads.

    Attributes:
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        dataset: folder of the calibration set.
        ranges: folder that `record_ranges` wrote, for recipes that need it.
    """

    baseline: str
    facts: str
    dataset: str
    ranges: str | None


@dataclass(frozen=True)
class Settings:
    """The spec's `quantize.search`.

    Attributes:
        recipes: the recipe of a layer by its bits.
        budget: the runs of all calibration samples after which no further model is tried.
    """

    recipes: Mapping[int, str]
    budget: float


def settings_of(target: str, bits: Sequence[float], budget: float) -> Settings:
    """Return the settings of a target. KFP's parameters have no integers in lists."""
    known = recipes_for(target)
    return Settings({int(each): known[int(each)] for each in sorted(bits)}, budget)


def search(
    inputs: SearchInputs,
    items: Sequence[Item],
    settings: Settings,
    limits: ResourceLimits,
    searched_path: str,
    scorer: Scorer | None = None,
) -> bool:
    """Write `search.json` for each candidate, in a folder with its name.

    A candidate for which there is no model is a result, not an error.

    Args:
        inputs: the artifacts to read.
        items: those of the loop over searched candidates.
        settings: the recipes and the budget.
        limits: of the search.
        searched_path: the folder to write.
        scorer: the metric that models are scored by, None to judge them by the agreement.

    Returns:
        Whether time or memory ran out, so that another attempt may succeed.

    Raises:
        InputError: a data set or the ranges are damaged or missing, or the metric does not fit.
    """
    facts = ModelFacts.read(inputs.facts)
    manifests = read_manifests(inputs.dataset, facts.keys)
    judge = scorer.judge(inputs.baseline, facts) if scorer else None
    source = _source(inputs, facts, selections_of(manifests), items[0], settings, judge)
    blank = Search(
        candidate="",
        status=SearchStatus.FAILED,
        samples=source.samples.count,
        held_back=count_of(source.samples.held_back),
        dataset_sha256=content_sha256(manifests),
        budget=settings.budget,
    )
    expect(round(settings.budget * source.samples.per_run))
    outcome = _outcome(source, settings, limits)
    for item in items:
        record = _record(blank, item["candidate"], source, outcome)
        folder = Path(searched_path) / item["candidate"]
        folder.mkdir(parents=True, exist_ok=True)
        record.write(folder / SEARCH)
    return isinstance(outcome, _Failure) and outcome.provisional


@dataclass(frozen=True)
class _Failure:
    """A search without an outcome, with the reason."""

    reason: str
    provisional: bool = False


def _source(
    inputs: SearchInputs,
    facts: ModelFacts,
    selections: Mapping[str, Any],
    item: Item,
    settings: Settings,
    judge: MetricJudge | None,
) -> Source:
    request, variant = request_of(item), item.get("calibration", "")
    if request.calibrated and inputs.ranges is None:
        raise InputError(
            f"{request.recipe.name} needs representative data: connect the output of "
            "`record_ranges` to `search`"
        )
    read = Ranges.read(Path(inputs.ranges) / variant / RECORD) if inputs.ranges else None
    return Source(
        content=normalized(mapped(inputs.baseline)),
        facts=facts,
        ranges=read if request.calibrated else None,
        request=request,
        recipes=settings.recipes,
        samples=split(inputs.dataset, selections[variant], judge.samples if judge else 0),
        scoring=judge,
    )


def _outcome(source: Source, settings: Settings, limits: ResourceLimits) -> Outcome | _Failure:
    reason = obstacle_to("the search", source.content, source.ranges, source.samples)
    if reason:
        return _Failure(reason)
    log.info("searching for the bits of layers")
    try:
        reach = source.scoring.reach if source.scoring else NOWHERE
        return run_isolated(_tried, source, settings.budget, limits=limits, reach=reach)
    except IsolatedFailure as failure:
        return _Failure(sentence("the search for mixed precision", failure), failure.passing)


def _tried(source: Source, budget: float) -> Outcome | _Failure:
    try:
        return fill_slots(source, budget)
    except NothingToMix as error:
        return _Failure(str(error))


def _record(blank: Search, name: str, source: Source, outcome: Outcome | _Failure) -> Search:
    named = blank.model_copy(update={"candidate": name})
    if isinstance(outcome, _Failure):
        return named.model_copy(update={"reason": outcome.reason})
    choice = next(each for each in outcome.choices if each.slot.name == name)
    common = {
        "eight_bit_bytes": outcome.plain.size,
        "scoring": outcome.scoring,
        "used": round(outcome.runs / source.samples.per_run, 2),
        **_told(outcome.plain, "eight_bit_"),
    }
    return named.model_copy(update={**common, **_chosen(choice, source)})


def _told(mix: Mix, prefix: str = "") -> dict[str, float]:
    """Return the metric of a model if there is one, or else the agreement."""
    db, figure = mix.score.db, mix.score.figure
    return {f"{prefix}db": round(db, 2)} if figure is None else {f"{prefix}figure": figure}


def _chosen(choice: Choice, source: Source) -> dict[str, Any]:
    mix = choice.mix
    if mix is None:
        return {"status": SearchStatus.UNCHANGED, "reason": choice.reason}
    return {
        "status": SearchStatus.MIXED,
        "layers": [
            LayerBits(layer=output, bits=bits, recipe=source.recipes[bits])
            for layer, bits in mix.bits.items()
            for output in layer
        ],
        **_told(mix),
        SIZE.name: mix.size,
        "rules": list(source.rules(mix.bits)),
    }
