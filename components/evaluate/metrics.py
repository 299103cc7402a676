"""The accuracy metrics: the outputs and labels they need, and their computation."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate import classification as classes
from quantgate.components.evaluate import (
    fit,
    label_values,
    multilabel,
    overlap,
    summaries,
)
from quantgate.components.evaluate import samplewise as each
from quantgate.components.evaluate.average_precision import (
    average_precision,
    contributions_to_average_precision,
)
from quantgate.components.evaluate.boxes import mean_average_precision
from quantgate.components.evaluate.case import Settings
from quantgate.components.evaluate.computation import Computation, Score
from quantgate.components.evaluate.detection import NEEDS
from quantgate.components.evaluate.roc_auc import placements, roc_auc

Array = NDArray[Any]
Values = NDArray[np.float64]


def _plain(score: Callable[[Array, Array], Array]) -> Score:
    return lambda outputs, truth, settings: score(outputs, truth)


def chosen_class(outputs: Array, labels: Array, settings: Settings) -> Array:
    """Return the predicted class of each sample, int64 [k]."""
    return np.asarray(each.classes_of(outputs), np.int64)


def positive_score(outputs: Array, labels: Array, settings: Settings) -> Array:
    """Return the score of the positive class, float64 [k]."""
    return outputs.reshape(len(outputs), -1)[:, -1].astype(np.float64)


def _flat(outputs: Array, target: Array, settings: Settings) -> Array:
    return outputs.reshape(len(outputs), -1).astype(np.float64)


def _counted_overlaps(outputs: Array, labels: Array, settings: Settings) -> Array:
    """Return intersection, union, and whether a class is labelled, int32 [k, 3, classes]."""
    counts = overlap.overlaps(outputs, labels, settings.ignore)
    shown = overlap.labelled(counts, labels).astype(np.int32)
    return np.concatenate([counts, shown[:, np.newaxis]], axis=1)


_TOP = Computation(
    "scores [samples, classes] and integer labels [samples]",
    lambda outputs, labels, settings: each.among_best(outputs, labels, settings.k),
    summaries.mean,
    fit.is_scored,
    label_values.guess_problem,
    of_classes=True,
)
_CLASSES = Computation(
    "scores [samples, classes] or integer classes [samples], and integer labels [samples]",
    _plain(each.same_class),
    summaries.mean,
    fit.is_classified,
    label_values.class_problem,
    of_classes=True,
)
_BINARY = Computation(
    "scores [samples], [samples, 1] or [samples, 2] and labels [samples] of 0 and 1",
    positive_score,
    summaries.of_ranks(roc_auc, placements),
    fit.is_binary,
    label_values.binary_problem,
)
_MARKS = Computation(
    "0 or 1 for each label, as after `postprocess: [{threshold: 0.5}]`, and labels "
    "[samples, labels] of 0 and 1",
    lambda outputs, labels, settings: multilabel.marked(outputs),
    multilabel.f1_macro,
    fit.is_multilabel_choice,
    label_values.marks_problem,
)
_ERROR = Computation(
    "a target for every element of the output",
    _plain(each.squared_error),
    summaries.mean,
    fit.is_target,
    sums_labels_up=False,
)
_ALIKE = Computation(
    "numbers, and the baseline's outputs", _plain(each.cosine), summaries.mean, labelled=False
)
#: The computations by metric, with the names of `quantgate.domain.figures.METRICS`.
COMPUTATIONS: Mapping[str, Computation] = MappingProxyType(
    {
        "top1": replace(_TOP, problem=label_values.class_problem),
        "top5": _TOP,
        "top_k": _TOP,
        "balanced_accuracy": replace(
            _CLASSES,
            score=chosen_class,
            summary=summaries.of_pairs(classes.balanced_accuracy, summaries.shares_of_recall),
        ),
        "f1_macro": replace(
            _CLASSES,
            score=chosen_class,
            summary=summaries.of_pairs(classes.f1_macro, classes.contributions_to_f1),
        ),
        "f1_micro": _CLASSES,
        "roc_auc": _BINARY,
        "average_precision": replace(
            _BINARY,
            summary=summaries.of_ranks(average_precision, contributions_to_average_precision),
        ),
        "multilabel_f1_macro": _MARKS,
        "multilabel_f1_micro": replace(_MARKS, summary=multilabel.f1_micro),
        "multilabel_average_precision": Computation(
            "a score for each label and labels [samples, labels] of 0 and 1",
            _flat,
            multilabel.mean_average_precision,
            fit.is_multilabel,
            label_values.ranked_marks_problem,
        ),
        "log_loss": Computation(
            "probabilities [samples, classes], or [samples] of the second of two classes, and "
            "integer labels [samples]",
            _plain(each.surprise),
            summaries.mean,
            fit.is_probable,
            label_values.class_problem_of_one,
            of_classes=True,
        ),
        "mse": _ERROR,
        "mae": replace(_ERROR, score=_plain(each.absolute_error)),
        "r2": Computation(
            "values [samples] or [samples, values] and a target for each",
            _flat,
            summaries.r2,
            fit.is_target_of_values,
            label_values.constant_problem,
        ),
        "psnr": replace(
            _ERROR,
            score=lambda outputs, target, settings: each.peak_to_noise(
                outputs, target, settings.peak
            ),
            problem=label_values.peak_problem,
        ),
        "ssim": Computation(
            "images [samples, height, width] or [samples, height, width, channels] of at least "
            "7 by 7, and targets of the same shape",
            lambda outputs, target, settings: each.structural_similarity(
                outputs, target, settings.peak
            ),
            summaries.mean,
            fit.is_target_of_image,
            label_values.peak_problem,
            sums_labels_up=False,
        ),
        "si_sdr": replace(
            _ERROR, score=_plain(each.scale_invariant), problem=label_values.silence_problem
        ),
        "mean_iou": Computation(
            "scores [samples, ..., classes] or integer classes [samples, ...], and integer labels "
            "[samples, ...]",
            _counted_overlaps,
            summaries.mean_iou,
            fit.is_map,
            label_values.class_problem_of_map,
            sums_labels_up=False,
        ),
        "mean_average_precision": Computation(
            NEEDS, lambda detections, truth, settings: detections, mean_average_precision
        ),
        "cosine_similarity": _ALIKE,
        "snr": replace(_ALIKE, score=_plain(each.signal_to_noise)),
        "snr_pooled": replace(
            _ALIKE,
            score=_plain(each.energies),
            summary=summaries.pooled_snr,
        ),
        "snr_worst": replace(
            _ALIKE,
            score=_plain(each.energies),
            summary=summaries.worst_snr,
        ),
        "agreement": replace(
            _ALIKE,
            needs="scores [samples, ..., classes] or integers",
            score=_plain(each.same_choice),
            fits=lambda case: fit.is_choice(case.form),
        ),
    }
)
