"""The console for tables."""

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from quantgate.foundation.terminal import beneath, visible


class VisibleConsole(Console):
    """A console on standard output whose texts cannot hold escape sequences of their own."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(file=beneath(sys.stdout), highlight=False, **settings)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of an object, with visible texts."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))
