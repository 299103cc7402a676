"""When an evaluation may stop early, and at which confidence.

Of what a limit's confidence leaves for error, a fifth is spent on all looks before the last, and
the rest on the verdict over all samples: so a limit at 95 % is decided early at 99 %, over all
looks together, and on all samples at 96 %, and either way at 95 %. A limit without a confidence is
decided early at 99 % too, and on all samples by the figure itself. Several limits share the error
of the early looks, so that it is the error of the whole verdict: to miss one of them is enough.
"""

#: The first look is after so many samples, and each further one after half as many again.
FIRST_LOOK = 100
GROWTH = 1.5
#: Of what a confidence leaves for error, the part that early looks may spend.
EARLY_SHARE = 0.2
#: What limits without a confidence of their own are decided at.
CONFIDENCE = 0.95


def looks_at(samples: int) -> list[int]:
    """After how many samples an evaluation of so many may stop, before all of them."""
    looks = [FIRST_LOOK] if samples > FIRST_LOOK else []
    while looks and (following := int(looks[-1] * GROWTH)) < samples:
        looks.append(following)
    return looks


def early_confidence(confidence: float) -> float:
    """The confidence, over all early looks together, of a limit that is decided by one of them."""
    return 1 - EARLY_SHARE * (1 - confidence)


def last_confidence(confidence: float) -> float:
    """The confidence of a verdict over all samples where earlier looks have spent their part."""
    return 1 - (1 - EARLY_SHARE) * (1 - confidence)
