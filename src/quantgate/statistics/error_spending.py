"""The looks of an early-stopping evaluation, and the confidence at each (alpha spending).

The error rate of a limit is `alpha = 1 - confidence`. All early looks together may use 20 % of it,
and the final look the remaining 80 %. At 95 % confidence, early decisions are made at 99 % and the
final one at 96 %. A limit without a confidence is decided early at 99 % too, and on all samples by
the figure itself. Several limits share the error of the early looks. It is the error of the whole
verdict, because a candidate fails as soon as it violates one limit.
"""

#: The number of samples before the first look. Each further look takes 1.5 times as many.
FIRST_LOOK = 100
GROWTH = 1.5
#: The part of the error rate that early looks may spend.
EARLY_SHARE = 0.2
#: The confidence of limits that have none of their own.
CONFIDENCE = 0.95


def looks_at(samples: int) -> list[int]:
    """Return the numbers of samples after which an evaluation may stop before its end."""
    looks = [FIRST_LOOK] if samples > FIRST_LOOK else []
    while looks and (following := int(looks[-1] * GROWTH)) < samples:
        looks.append(following)
    return looks


def early_confidence(confidence: float) -> float:
    """Return the confidence of all early looks together."""
    return 1 - EARLY_SHARE * (1 - confidence)


def last_confidence(confidence: float) -> float:
    """Return the confidence of the final look, after the early looks spent their part."""
    return 1 - (1 - EARLY_SHARE) * (1 - confidence)
