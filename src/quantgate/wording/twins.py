"""Candidates with the same model in words."""


def same_file_text(name: str) -> str:
    """Say that a model is the same file as that of another candidate."""
    return f"the same file as {name}"
