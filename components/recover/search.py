"""The search for edits: in the order of their cost, each kept only if it gains enough."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from quantgate.components.conversion.failure import essence
from quantgate.components.recover.judging import Score
from quantgate.components.recover.steps import STEPS, Progress, Step
from quantgate.components.recover.subject import Subject
from quantgate.components.recover.telling import measured, too_little
from quantgate.components.recover.workshop import Edits, Made, Workshop
from quantgate.domain.recovery import LAYERS, techniques_of
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
    progress = Progress(workshop, plain, plain, before)
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


def _steps(progress: Progress, techniques: Collection[str]) -> Iterator[Step]:
    """Yield the steps of techniques until two in a row did not gain."""
    best, failures = progress.best, dict.fromkeys(techniques, 0)
    for step in STEPS:
        if failures.get(step.technique, _MOST_FAILURES) >= _MOST_FAILURES:
            continue
        yield step
        has_gained = progress.best is not best
        failures[step.technique] = 0 if has_gained else failures[step.technique] + 1
        best = progress.best


def _tried(step: Step, progress: Progress, most: float) -> Edit:
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


def _judged(step: Step, told: Edit, made: Made, score: Score, progress: Progress) -> Edit:
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


def _growth(made: Made, progress: Progress) -> str:
    """Return why a model that grows too much is left out, or an empty text."""
    grown = len(made.quantized) - len(progress.plain.quantized)
    most = _MOST_GROWTH * len(progress.plain.content)
    if grown <= most:
        return ""
    return f"it adds more than {_MOST_GROWTH:.0%} of the float model's size"
