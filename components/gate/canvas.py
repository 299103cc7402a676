"""matplotlib, imported without its tables of properties, and a canvas that measures text fast."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from matplotlib import artist as artists
from matplotlib import rc_context


@contextmanager
def _without_tables() -> Iterator[None]:
    """Leave the properties of artists out of docstrings. They take a third of the import."""
    kwdoc = artists.kwdoc
    artists.kwdoc = lambda artist: ""
    try:
        yield
    finally:
        artists.kwdoc = kwdoc


with _without_tables():
    from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
    from matplotlib.figure import Figure

__all__ = ["Canvas", "Figure", "rc_context"]


class Canvas(FigureCanvasSVG):
    """A canvas that measures all text with one renderer. matplotlib would make one for each."""

    @cached_property
    def _measuring(self) -> RendererSVG:
        return RendererSVG(*self.figure.bbox.size, io.StringIO())  # type: ignore[no-untyped-call]

    def get_renderer(self) -> RendererSVG:
        """Return the renderer that matplotlib measures text with."""
        return self._measuring
