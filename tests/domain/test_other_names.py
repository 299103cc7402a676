"""Names from other tools."""

import pytest

from quantgate.domain.figures import FIGURES
from quantgate.domain.hardware import HARDWARE
from quantgate.domain.modes import MODES
from quantgate.domain.other_names import OTHER_NAMES, meant
from quantgate.domain.targets import TARGETS

KNOWN = {"auto", "better", *FIGURES, *MODES, *TARGETS, *HARDWARE}


def test_every_other_name_leads_to_known_names() -> None:
    assert {name for names in OTHER_NAMES.values() for name in names} <= KNOWN


def test_no_name_of_quantgate_is_another_name() -> None:
    assert not KNOWN & set(OTHER_NAMES)


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("mAP", ["mean_average_precision"]),
        ("Sparse Categorical Accuracy", ["top1"]),
        ("cortex-m", ["microcontroller"]),
        ("int8", ["integer_only_int8", "full_integer"]),
        ("higher_is_better", ["better"]),
        ("nonsense", []),
    ],
)
def test_a_word_of_another_tool_is_understood(word: str, names: list[str]) -> None:
    assert meant(word, KNOWN) == names


def test_only_known_names_are_offered() -> None:
    assert meant("android", ["gpu"]) == ["gpu"]
