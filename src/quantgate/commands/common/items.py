"""Output of labelled sentences."""

import sys
from collections.abc import Iterable

from quantgate.commands.common.wrapping import fitted


def write_items(items: Iterable[tuple[str, str]]) -> None:
    """Write each item on one line, or wrapped on a terminal, with the labels in their column."""
    from quantgate.report.text import one_line

    lines = [(one_line(label), one_line(text)) for label, text in items]
    width = max((len(label) for label, _ in lines), default=0)
    text = "".join(f"  {label:<{width}}  {text}\n" for label, text in lines)
    sys.stdout.write(fitted(text, sys.stdout))
