"""Verdicts on figures of top1."""

import numpy as np

from quantgate.decision.estimating import Measured
from quantgate.decision.verdicts import judge
from quantgate.spec.model.limit import Limit


def measured(figures, samples=None, sha256="a" * 64):
    return Measured(sha256, figures, samples or {})


def verdicts(candidate, baseline, **rules):
    return judge(
        measured({"top1": candidate}),
        measured({"top1": baseline}, sha256="b" * 64),
        {"top1": Limit(**rules)},
    )


def verdict(candidate, baseline, **rules):
    (judged,) = verdicts(candidate, baseline, **rules)
    return judged


def paired_top1(lost, pairs):
    """Return a candidate that is wrong `lost` times, and a baseline that is always right."""
    values = np.ones(pairs)
    values[:lost] = 0
    return (
        measured({"top1": values.mean()}, {"top1": values}),
        measured({"top1": 1.0}, {"top1": np.ones(pairs)}, sha256="b" * 64),
    )
