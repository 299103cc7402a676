"""Exact test and bound for one proportion, by Clopper and Pearson.

Source:
    Clopper, C. and Pearson, E. (1934), The use of confidence or fiducial limits illustrated in the
        case of the binomial. Biometrika 26, 404-413.
"""

import math
from statistics import NormalDist

from quantgate.statistics.sample_counts import least_samples, whole_samples


def p_value(hits: int, samples: int, share: float) -> float:
    """Return the exact p-value of "the proportion is `share` or more"."""
    from quantgate.statistics.special_functions import bdtr

    return float(bdtr(hits, samples, share)) if share < 1 else float(hits == samples)


def upper_bound(hits: int, samples: int, confidence: float) -> float:
    """Return the one-sided upper bound of the proportion."""
    from quantgate.statistics.special_functions import betaincinv

    return float(betaincinv(hits + 1, samples - hits, confidence)) if hits < samples else 1.0


def samples_needed(hits: int, samples: int, confidence: float, share: float) -> float:
    """Return how many similar samples would bring the upper bound down to `share`.

    It is a whole number, or infinity if `share` is not above the proportion.
    """
    slack = share - hits / samples
    if not slack > 0:
        return math.inf
    spread = NormalDist().inv_cdf(confidence) ** 2 * max(share * (1 - share), 0.0)
    # The bound exceeds that of the normal distribution by about one sample.
    return max(least_samples(confidence, share), whole_samples(spread, slack**2) + 1 / slack)
