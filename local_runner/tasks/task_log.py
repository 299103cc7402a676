"""Notes of the runner in the log of a task."""

from pathlib import Path

from quantgate.errors import naming


def note(log: Path, sentence: str) -> None:
    """Add a line to the log of a task."""
    with naming(log), log.open("a", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(f"[local runner] {sentence}\n")
