"""The scores of edits, as the record of recovery tells them."""

from typing import Any

from quantgate.components.recover.held_back import FIRST_SAMPLES
from quantgate.components.recover.judging import Score


def measured(score: Score, best: Score) -> dict[str, Any]:
    """Return the fields of an edit's score: the metric if there is one, or else the agreement.

    Args:
        score: with the edit.
        best: with the edits kept before.
    """
    if score.figure is not None:
        return {"figure": score.figure}
    db = round(score.db, 2) if score.is_whole else None
    return {"db": db, "gain_db": round(score.gain_over(best), 2)}


def too_little(score: Score, best: Score, least: float) -> str:
    """Return why an edit does not gain enough.

    Args:
        score: with the edit.
        best: with the edits kept before.
        least: the decibels that it has to gain.
    """
    gain = score.gain_over(best)
    if score.figure is not None and best.figure is not None:
        figures = f"the metric is {score.figure:.4f} with it and {best.figure:.4f} without"
        regained = 1 - 10 ** (-least / 10)
        return f"{figures}, and it has to remove {regained:.0%} of the loss or more"
    where = "" if score.is_whole else f" on {FIRST_SAMPLES} samples"
    if round(gain, 1) < 0:
        return f"it loses {-gain:.1f} dB{where}"
    return f"it gains {max(0.0, gain):.1f} dB{where}, and the least is {least:g} dB"
