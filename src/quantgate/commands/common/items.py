"""Output of labelled sentences."""

import sys
from collections.abc import Iterable


def write_items(items: Iterable[tuple[str, str]]) -> None:
    """Write each item on one line, with the labels in a column of their own."""
    from quantgate.report.text import one_line

    lines = [(one_line(label), one_line(text)) for label, text in items]
    width = max((len(label) for label, _ in lines), default=0)
    sys.stdout.writelines(f"  {label:<{width}}  {text}\n" for label, text in lines)
