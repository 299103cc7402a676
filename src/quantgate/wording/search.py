"""Sentences about searched candidates."""

from quantgate.domain.search import EIGHT, WIDTHS
from quantgate.records.search import Search

_MOST_NAMES = 5


def bits_text(search: Search) -> str:
    """Return which layers have which bits, with the agreement and its data."""
    mixed = [_layers_text(search, bits) for bits in WIDTHS if bits != EIGHT]
    return (
        f"{' and '.join(text for text in mixed if text)}, and 8 bits in the others. "
        f"{_score_text(search)}"
    )


def _score_text(search: Search) -> str:
    scoring = search.scoring
    if scoring:
        return (
            f"The metric `{scoring.metric}` is {search.figure or 0.0:.4f}, "
            f"{search.eight_bit_figure or 0.0:.4f} with 8 bits in all layers and "
            f"{scoring.figure:.4f} in float, on {scoring.samples:,} samples of `data.search`"
        )
    return (
        f"The agreement with the float model is {search.db or 0.0:.1f} dB, and "
        f"{search.eight_bit_db or 0.0:.1f} dB with 8 bits in all layers, on {search.held_back:,} "
        "held-back calibration samples"
    )


def _layers_text(search: Search, bits: int) -> str:
    # A tensor that came of several ops has all their names, with semicolons.
    names = [each.layer.partition(";")[0] for each in search.layers if each.bits == bits]
    if not names:
        return ""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    shown = f"{', '.join(names[:_MOST_NAMES])}{more}"
    return f"{bits} bits in {len(names)} of {len(search.layers)} layers ({shown})"
