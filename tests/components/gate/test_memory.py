"""The memory of a decision does not grow with the samples of all candidates."""

import tracemalloc

import numpy as np

from quantgate.components.artifacts.measurement import read_evaluation, write_evaluation
from quantgate.decision import family
from quantgate.decision.estimating import Measured
from quantgate.decision.joining import Contender
from quantgate.decision.standings import Standing
from quantgate.records.outcomes import CandidateStatus
from quantgate.records.tasks import Measurement
from quantgate.spec.model.limit import Limit

SAMPLES = 1_500_000
ARRAY_BYTES = 8 * SAMPLES
LIMITS = {"top1": Limit(max_drop=0.01, confidence=0.95)}


def evaluated(folder, seed):
    """Write the right and wrong samples of a model, and return what is read of them."""
    values = np.ones(SAMPLES)
    values[np.random.default_rng(seed).choice(SAMPLES, 100, replace=False)] = 0
    figures = {"top1": float(values.mean())}
    measurement = Measurement(
        model_sha256=f"{seed}",
        status="measured",
        reasons=[],
        figures=figures,
        samples=SAMPLES,
        dataset_sha256="d" * 64,
        litert="2",
    )
    write_evaluation(str(folder), measurement, {"top1": values})
    metrics = {"top1": "top1"}
    return Measured(f"{seed}", figures, read_evaluation(folder).samples, metrics)


def test_right_and_wrong_take_a_byte_a_sample(tmp_path):
    measured = evaluated(tmp_path / "one", 1)
    size = (tmp_path / "one" / "samples.npz").stat().st_size
    assert SAMPLES < size < 1.01 * SAMPLES
    assert measured.samples["top1"].dtype == np.float64
    assert measured.samples["top1"].sum() == SAMPLES - 100


def test_candidates_are_read_one_after_another(tmp_path):
    baseline = evaluated(tmp_path / "baseline", 0).in_memory()
    standing = Standing(CandidateStatus.MEASURED, [], [])
    contenders = [
        Contender(f"c{seed}", "float16", standing, evaluated(tmp_path / f"c{seed}", seed))
        for seed in range(1, 13)
    ]

    def peak_of(count):
        tracemalloc.start()
        family.tested_jointly(contenders[:count], baseline, LIMITS, {}, family.JOINT)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    family.tested_jointly(contenders[:1], baseline, LIMITS, {}, family.JOINT)
    few, many = peak_of(4), peak_of(12)
    assert few < 40 * ARRAY_BYTES
    assert many - few < 4 * ARRAY_BYTES, "8 more candidates have 8 more arrays"
