"""The predictions of a classifier, for the report's confusion matrix and ROC curve."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.evaluate.computation import Computation
from quantgate.components.evaluate.metrics import COMPUTATIONS, chosen_class, positive_score
from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.result import Result
from quantgate.components.evaluate.run import Scores
from quantgate.domain.figures import METRICS

#: Metrics whose outputs predict one of several classes.
CLASSIFYING = tuple(name for name, one in METRICS.items() if one.plot == "confusion matrix")
#: Metrics whose outputs score the positive class of two.
RANKING = tuple(name for name, one in METRICS.items() if one.plot == "ROC curve")


@dataclass(frozen=True)
class Watch(Plan):
    """A plan that keeps the predictions behind a metric, as if they were a metric."""

    @property
    def computation(self) -> Computation:
        """The metric's computation, changed to keep the predictions."""
        score = chosen_class if self.metric in CLASSIFYING else positive_score
        return replace(COMPUTATIONS[self.metric], score=score, summary=_unchanged)


def watches_of(plans: Sequence[Plan]) -> list[Watch]:
    """Return a watch for the first metric of each kind on each output."""
    watches: dict[tuple[object, ...], Watch] = {}
    for plan in plans:
        if plan.metric in CLASSIFYING + RANKING:
            where = (
                plan.metric in RANKING,
                plan.signature,
                plan.output,
                plan.label,
                str(plan.steps),
            )
            watches.setdefault(
                where, Watch(**{**vars(plan), "title": f"answers: {plan.title}", "slice": None})
            )
    return list(watches.values())


def write_answers(
    path: Path,
    watches: Sequence[Watch],
    scores: Scores,
    dataset_of: Callable[[str], DatasetFolder],
) -> None:
    """Write the predictions and labels of each watch.

    `<figure>/chosen` has the predicted classes, int32 [samples], and `<figure>/score` the scores of
    the positive class, float64 [samples]. `<figure>/right` has the labels, int32 [samples]. Beside
    scores they are 0 or 1.
    """
    arrays: dict[str, Any] = {}
    for watch in watches:
        if watch.title in scores.results:
            figure = watch.title.removeprefix("answers: ")
            answers = scores.results[watch.title].values
            _, labels = dataset_of(watch.signature).labels_at(watch.label) or (None, ())
            right = watch.truth_in(np.asarray(labels)).reshape(-1)
            right = right if scores.covered is None else right[scores.covered]
            ranking = watch.metric in RANKING
            kind, dtype = ("score", np.float64) if ranking else ("chosen", np.int32)
            arrays[f"{figure}/{kind}"] = answers.astype(dtype)
            arrays[f"{figure}/right"] = (right > 0 if ranking else right).astype(np.int32)
    np.savez_compressed(path, **arrays)


def _unchanged(answers: NDArray[Any], truth: NDArray[Any]) -> Result:
    return Result(0.0, answers)
