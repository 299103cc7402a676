"""Trial runs: the number of samples that the slow reference kernels run."""

import pytest

from quantgate.components.attestation.attempt import Attempt, with_reference_kernels

KEYWORD_SPOTTING, MOBILENET, DETECTOR = 2_700_000, 300_000_000, 8_000_000_000


@pytest.mark.parametrize(
    ("macs", "samples"),
    [(0, 4), (KEYWORD_SPOTTING, 4), (125_000_000, 4), (MOBILENET, 1), (DETECTOR, 1)],
)
def test_reference_kernels_run_few_samples_of_large_models(macs: int, samples: int):
    taken: list[int] = []

    def attempt(reference: int) -> Attempt:
        taken.append(reference)
        return Attempt({}, {})

    with_reference_kernels(attempt, macs)
    assert taken == [samples]
