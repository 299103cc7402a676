"""The messages of the checks of paths."""

from pathlib import Path

import pytest

from quantgate.errors import SpecError
from quantgate.spec import load
from quantgate.spec.preflight.paths import preflight


def said(*overrides: str) -> list[str]:
    loaded = load(Path("quantgate.yaml"), overrides)
    with pytest.raises(SpecError) as caught:
        preflight(loaded)
    return [f"{problem.message} -> {problem.hint}" for problem in caught.value.problems]
