"""Figures of matplotlib as inline SVG, in the colours and fonts of the page."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

# Imported here so that the local runner imports it once, before it forks.
try:
    from quantgate.components.gate.canvas import Canvas, Figure, rc_context
except ImportError:
    CAN_DRAW = False
else:
    CAN_DRAW = True

#: Placeholder colours, which variables of the page's style sheet replace.
INK, SOFT, LINE, PAPER = "#010101", "#020202", "#030303", "#040404"
GOOD, FAIR, BAD, ACCENT = "#050505", "#060606", "#070707", "#080808"
_VARIABLES = {
    INK: "--ink",
    SOFT: "--soft",
    LINE: "--line",
    PAPER: "--paper",
    GOOD: "--good",
    FAIR: "--fair",
    BAD: "--bad",
    ACCENT: "--accent",
}
_SETTINGS: dict[Any, Any] = {
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.labelcolor": SOFT,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.size": 10,
    "grid.color": LINE,
    "legend.frameon": False,
    "legend.labelcolor": SOFT,
    "svg.fonttype": "none",
    "text.parse_math": False,
    "text.color": INK,
    "xtick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.color": LINE,
    "ytick.labelcolor": SOFT,
}
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


def drawn(
    key: str, title: str, description: str, size: tuple[float, float], draw: Callable[[Any], None]
) -> str:
    """Draw a figure as an `<svg>` element. Equal figures give equal bytes.

    Args:
        key: prefix of its ids, unique on the page.
        title: its title.
        description: its content in words, for readers who do not see it.
        size: width and height in inches of 72 pixels.
        draw: function that fills a `matplotlib.figure.Figure`.
    """
    buffer = io.StringIO()
    with _settings(key):
        figure = Figure(figsize=size, dpi=72)
        Canvas(figure)
        draw(figure)
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    return _inlined(buffer.getvalue(), key, title, description)


@contextmanager
def _settings(key: str) -> Iterator[None]:
    with rc_context({**_SETTINGS, "svg.hashsalt": key}):
        yield


def _inlined(text: str, key: str, title: str, description: str) -> str:
    body = re.search(r"<svg[^>]*?viewBox=\"([^\"]*)\"[^>]*>(.*)</svg>", text, re.DOTALL)
    if body is None:
        raise ValueError(f"matplotlib wrote no SVG for {key}")
    view, inner = body.groups()
    inner = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", inner, flags=re.S)
    inner = re.sub(r"<g id=\"[^\"]*\"", "<g", inner)
    inner = re.sub(r"font: (?:(\d{3}) )?([\d.]+)px [^;\"]*", r"font-size: \2px", inner)
    for colour, variable in _VARIABLES.items():
        inner = inner.replace(colour, f"var({variable})")
    return (
        f'<svg viewBox="{view}" role="img" aria-labelledby="{key}-title {key}-desc" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{escape(description)}</desc>{inner.strip()}</svg>'
    )
