"""The commands that repeat a run install what it needed."""

from collections.abc import Callable

import pytest

from quantgate.records.decision import Decision
from quantgate.records.targets import TargetMeasurement
from quantgate.report.reproduce import commands


@pytest.mark.parametrize(
    ("tensorflow", "installed"),
    [
        ("2.21.0", "pip install 'quantgate[all]==0.1.0' tensorflow==2.21.0 ai-edge-litert==2.3.0"),
        ("", "pip install 'quantgate[tflite]==0.1.0' ai-edge-litert==2.3.0"),
    ],
)
def test_a_run_without_tensorflow_is_repeated_without_it(
    small_wins: Callable[..., Decision], tensorflow: str, installed: str
) -> None:
    decision = small_wins("5" * 64)
    provenance = {"tensorflow": tensorflow, "quantgate": "0.1.0", "litert": "2.3.0"}
    repeated = decision.provenance.model_copy(update=provenance)
    assert commands(decision.model_copy(update={"provenance": repeated}))[0] == installed


def test_the_extras_are_those_that_the_run_needed(small_wins: Callable[..., Decision]) -> None:
    decision = small_wins("5" * 64)
    needed = decision.provenance.model_copy(update={"extras": ["evaluate", "kfp"]})
    install = commands(decision.model_copy(update={"provenance": needed}))[0]
    assert install.startswith(f"pip install 'quantgate[evaluate,kfp]=={needed.quantgate}' ")


def test_the_packages_that_measured_targets_are_pinned(small_wins: Callable[..., Decision]) -> None:
    decision = small_wins("5" * 64)
    tools = ("ethos-u-vela 5.2.0", "tflite-micro 0.dev20261023182759", "Mesa 25 on llvmpipe")
    targets = [TargetMeasurement(target="ethos_u", tool=tool, figures={}) for tool in tools]
    entries = [each.model_copy(update={"targets": targets}) for each in decision.candidates]
    install = commands(decision.model_copy(update={"candidates": entries}))[0]
    assert install.endswith(" ethos-u-vela==5.2.0 tflite-micro==0.dev20261023182759")
