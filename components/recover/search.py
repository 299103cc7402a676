"""The search for edits: in the order of their cost, each kept only if it gains enough."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from quantgate.components.conversion.failure import essence
from quantgate.components.recover.clipping import LEAST_SQUARES, PERCENTILE
from quantgate.components.recover.judging import Score
from quantgate.components.recover.layers import COUNTS
from quantgate.components.recover.subject import Subject
from quantgate.components.recover.telling import measured, too_little
from quantgate.components.recover.workshop import Edits, Made, Workshop
from quantgate.domain.recovery import (
    BIASES,
    EQUALIZE,
    LAYERS,
    LEAST_GAIN_DB,
    LEAST_GAIN_OF_LAYERS_DB,
    RANGES,
    techniques_of,
)
from quantgate.records.recovery import Edit
from quantgate.records.scoring import Scoring

#: Edits of a technique without gain after which the technique is given up.
_MOST_FAILURES = 2
#: The part of the float model's size by which ops that are left out may enlarge the model.
_MOST_GROWTH = 0.1


@dataclass(frozen=True)
class Settings:
    """The spec's `quantize.recover`.

    Attributes:
        techniques: the techniques to try.
        budget: the runs of all calibration samples after which no further edit is tried.
    """

    techniques: Collection[str]
    budget: float

    def of_recipe(self, recipe: str) -> "Settings":
        """Return the settings with the techniques that a recipe can use."""
        return replace(self, techniques=techniques_of(recipe, self.techniques))


@dataclass(frozen=True)
class Outcome:
    """The result of a search.

    Attributes:
        made: the best candidate.
        before: the score of the plain one.
        after: the score of the best one.
        edits: the edits in the order in which they were tried.
        runs: the samples that were run.
        float_difference: the largest difference that rescaling made, None without rescaling.
        scoring: the metric that candidates were scored by, None for the agreement.
    """

    made: Made
    before: Score
    after: Score
    edits: list[Edit]
    runs: int
    float_difference: float | None
    scoring: Scoring | None = None


@dataclass(frozen=True)
class _Step:
    """An edit to try.

    Attributes:
        technique: its name.
        edit: the edit in words. `{place}` stands for "in float" or "in 16 bits".
        change: makes the edits from those kept so far.
        obstacle: returns why the edit cannot be tried, or an empty text.
    """

    technique: str
    edit: str
    change: Callable[["_Search"], Edits]
    obstacle: Callable[["_Search"], str]

    @property
    def least_gain(self) -> float:
        """The decibels that the edit has to gain."""
        return LEAST_GAIN_OF_LAYERS_DB if self.technique == LAYERS else LEAST_GAIN_DB


@dataclass
class _Search:
    """A search in progress.

    Attributes:
        workshop: makes candidates.
        plain: the candidate without edits.
        best: the best one so far.
        score: its score.
        order: the ops to leave out, the worst first, once they are ranked.
    """

    workshop: Workshop
    plain: Made
    best: Made
    score: Score
    order: list[str] | None = None

    def worst(self, count: int) -> tuple[str, ...]:
        """Return the ops that lose most."""
        if self.order is None:
            self.order = self.workshop.ranking(self.best)
        return tuple(self.order[:count])


def search(subject: Subject, settings: Settings, runs: int) -> Outcome:
    """Try edits, and return the best candidate.

    Args:
        subject: the candidate to improve.
        settings: of the search.
        runs: samples that were run for its statistics.

    Raises:
        Exception: the plain candidate cannot be made.
    """
    workshop = Workshop(subject, runs)
    plain = workshop.make(Edits())
    before = workshop.score(plain)
    progress = _Search(workshop, plain, plain, before)
    most = settings.budget * subject.samples.per_run
    edits = [_tried(step, progress, most) for step in _steps(progress, settings.techniques)]
    return Outcome(
        made=progress.best,
        before=before,
        after=progress.score,
        edits=edits,
        runs=workshop.runs,
        float_difference=workshop.float_difference if progress.best.edits.equalized else None,
        scoring=subject.judge.record if subject.judge else None,
    )


def _steps(progress: _Search, techniques: Collection[str]) -> Iterator[_Step]:
    """Yield the steps of techniques until two in a row did not gain."""
    best, failures = progress.best, dict.fromkeys(techniques, 0)
    for step in _STEPS:
        if failures.get(step.technique, _MOST_FAILURES) >= _MOST_FAILURES:
            continue
        yield step
        has_gained = progress.best is not best
        failures[step.technique] = 0 if has_gained else failures[step.technique] + 1
        best = progress.best


def _tried(step: _Step, progress: _Search, most: float) -> Edit:
    """Try a step, and keep its edits if they gain enough."""
    told = Edit(
        technique=step.technique, edit=step.edit.format(place=progress.workshop.place_of_ops)
    )
    if progress.workshop.runs >= most:
        return told.model_copy(update={"reason": "the budget is spent"})
    try:
        if obstacle := step.obstacle(progress):
            return told.model_copy(update={"reason": obstacle})
        made = progress.workshop.make(step.change(progress), progress.best)
        told = told.model_copy(
            update={"added_bytes": len(made.quantized) - len(progress.plain.quantized)}
        )
        if obstacle := _growth(made, progress):
            return told.model_copy(update={"reason": obstacle})
        score = progress.workshop.score(made, progress.score, step.least_gain / 2)
    except Exception as error:  # the quantizer raises exceptions of any class
        reason = f"it could not be made: {essence(f'{type(error).__name__}: {error}')}"
        return told.model_copy(update={"reason": reason})
    return _judged(step, told, made, score, progress)


def _judged(step: _Step, told: Edit, made: Made, score: Score, progress: _Search) -> Edit:
    """Keep the edits of a step if they gain enough."""
    told = told.model_copy(update=measured(score, progress.score))
    if score.gain_over(progress.score) < step.least_gain or not score.is_whole:
        reason = too_little(score, progress.score, step.least_gain)
        return told.model_copy(update={"reason": reason})
    progress.best, progress.score = made, score
    # A tensor that came of several ops has all their names, with semicolons.
    left = [name.partition(";")[0] for name in made.edits.left]
    names = f": {', '.join(left)}" if step.technique == LAYERS else ""
    if made.widened:
        names += f", with outputs in {made.widened}"
    return told.model_copy(update={"kept": True, "edit": f"{told.edit}{names}"})


def _growth(made: Made, progress: _Search) -> str:
    """Return why a model that grows too much is left out, or an empty text."""
    grown = len(made.quantized) - len(progress.plain.quantized)
    most = _MOST_GROWTH * len(progress.plain.content)
    if grown <= most:
        return ""
    return f"it adds more than {_MOST_GROWTH:.0%} of the float model's size"


def _none(progress: _Search) -> str:
    return ""


def _without_biases(progress: _Search) -> str:
    return "" if progress.workshop.has_biases else "no layer has a bias"


def _without_pairs(progress: _Search) -> str:
    if progress.workshop.has_pairs:
        return ""
    return "no two layers have only RELU, RELU6, padding, pooling or nothing between them"


def _without_ops(count: int) -> Callable[[_Search], str]:
    def obstacle(progress: _Search) -> str:
        if progress.workshop.ops == 1:
            return "the model has one op, and nothing would be quantized without it"
        if count > 1 and 2 * count > progress.workshop.ops:
            return f"{count} ops are more than half of the model"
        if len(progress.worst(count)) == count:
            return ""
        ops = "no op adds" if count == 1 else f"fewer than {count} ops add"
        return f"{ops} an error and can be left out"

    return obstacle


def _clipping(method: str) -> Callable[[_Search], Edits]:
    return lambda progress: replace(progress.best.edits, clipping=method)


def _left(count: int) -> Callable[[_Search], Edits]:
    return lambda progress: replace(progress.best.edits, left=progress.worst(count))


def _layers() -> Iterator[_Step]:
    for count in COUNTS:
        title = "the op with the largest error" if count == 1 else f"the {count} worst ops"
        yield _Step(LAYERS, f"{title} left {{place}}", _left(count), _without_ops(count))


#: In the order of their cost.
_STEPS: Sequence[_Step] = (
    _Step(RANGES, "ranges of 99.99 % of the values", _clipping(PERCENTILE), _none),
    _Step(RANGES, "ranges of the least squared error", _clipping(LEAST_SQUARES), _none),
    _Step(
        BIASES,
        "biases corrected by the error of the weights",
        lambda progress: replace(progress.best.edits, analytic=True),
        _without_biases,
    ),
    _Step(
        EQUALIZE,
        "channels rescaled between layers",
        lambda progress: replace(progress.best.edits, equalized=True),
        _without_pairs,
    ),
    _Step(
        BIASES,
        "biases corrected layer by layer",
        lambda progress: replace(progress.best.edits, sequential=True),
        _without_biases,
    ),
    *_layers(),
)
