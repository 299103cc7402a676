"""Sentences about recovered candidates."""

from collections.abc import Iterable

from quantgate.foundation.sentences import capitalized
from quantgate.records.recovery import Edit, Recovery


def edits_text(recovery: Recovery) -> str:
    """Return the edits that were kept, with what they gained on which samples."""
    return (
        f"the float model of `{recovery.recovers}` was edited before it was quantized: "
        f"{kept_text(recovery.kept)}. {capitalized(change_text(recovery))}{_difference(recovery)}"
    )


def kept_text(edits: Iterable[Edit]) -> str:
    """Return edits that were kept, each with what it gained or the metric after it."""
    return ", ".join(map(_edit_text, edits))


def change_text(recovery: Recovery) -> str:
    """Return how the score rose, and on which samples."""
    scoring = recovery.scoring
    if scoring:
        return (
            f"the metric `{scoring.metric}` went from {recovery.before or 0.0:.4f} to "
            f"{recovery.after or 0.0:.4f} on {scoring.samples:,} samples of `data.search`, with "
            f"{scoring.figure:.4f} in float"
        )
    gained = f"{recovery.before_db or 0.0:.1f} to {recovery.after_db or 0.0:.1f} dB"
    return (
        f"the agreement with the float model rose from {gained} on {recovery.held_back:,} "
        "held-back calibration samples"
    )


def not_ranked_text(plain: str) -> str:
    """Return why a recovered candidate that meets all limits is not ranked."""
    return (
        f"not ranked, because `{plain}` qualifies without recovery, and `quantize.recover.when` "
        "is none_qualifies"
    )


def _edit_text(edit: Edit) -> str:
    if edit.figure is not None:
        return f"{edit.edit} ({edit.figure:.4f})"
    return f"{edit.edit} (+{edit.gain_db or 0.0:.1f} dB)"


def _difference(recovery: Recovery) -> str:
    if recovery.float_difference is None:
        return ""
    return (
        f". Rescaling changed the float model's outputs by at most {recovery.float_difference:.2g} "
        "of the largest"
    )
