"""The joint test of all candidates in words."""

from quantgate.records.decision import Family
from quantgate.records.entries import Entry
from quantgate.records.outcomes import VerdictOutcome
from quantgate.wording.figures import confidence_text, plain_text

#: How candidates share the error rate, for an engineer.
SHARING = (
    "All candidates share one error budget. Candidates with nearly the same outputs count as "
    "nearly one, and a candidate that qualifies leaves its share to the rest."
)


def promise_text(family: Family) -> str:
    """Return what a run with this family promises, and how its candidates share the error."""
    error = plain_text(100 * (1 - family.confidence), 4)
    if family.method == "none":
        least = 100 * (1 - family.confidence**family.candidates)
        return (
            f"`family: none`: each candidate is tested by itself, at an error of {error} %. "
            "Nothing is promised about all of them together: with as many as "
            f"{family.candidates}, some model that breaks a limit may qualify in up to "
            f"{plain_text(least, 3)} % of runs."
        )
    promise = (
        f"At {confidence_text(family.confidence)}, a model that truly breaks a limit on accuracy "
        f"qualifies in at most {error} % of runs, however many candidates are tried."
    )
    return promise if family.candidates == 1 else f"{promise} {SHARING} {_count_text(family)}"


def place_text(entry: Entry, family: Family) -> str | None:
    """Return the level at which a candidate was tested, or None if it is its own."""
    if entry.tested is None or entry.tested.share == 1:
        return None
    level = 1 - entry.tested.share * (1 - family.confidence)
    return (
        f"tested at {_short(level)}, which is {confidence_text(family.confidence)} over "
        f"{entry.tested.left} distinct models that shared the error then"
    )


def alone_text(entry: Entry) -> str | None:
    """Say that a candidate would have passed by itself, None if that is not so."""
    missed = [verdict for verdict in entry.verdicts if not verdict.passed]
    is_shared = all(
        verdict.tested_at and verdict.outcome is VerdictOutcome.UNDECIDED for verdict in missed
    )
    if entry.tested is None or not (missed and entry.tested.alone and is_shared):
        return None
    needed = [verdict.samples_needed for verdict in missed if verdict.samples_needed]
    more = f", or evaluate on about {max(needed):,} samples" if len(needed) == len(missed) else ""
    return (
        f"would have passed by itself, but {entry.tested.left} candidates share the error: list "
        f"fewer of them{more}"
    )


def _count_text(family: Family) -> str:
    count = plain_text(family.effective or 1.0, 3)
    return f"The {family.candidates} distinct models count as {count}."


def _short(confidence: float) -> str:
    return f"{100 * confidence:.4g} % confidence"
