import pytest

from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.report.promises import promises


def test_the_promises_are_those_of_the_guide():
    promised = {name: mode.promise for name, mode in QUANTIZED_MODES.items()}
    told = {name: (promise.size, promise.speed) for name, promise in promised.items()}
    assert told == {
        "dynamic_range": ("4x smaller", "2x-3x speedup"),
        "full_integer": ("4x smaller", "3x+ speedup"),
        "integer_only_int8": ("4x smaller", "3x+ speedup"),
        "integer_only_uint8": ("4x smaller", "3x+ speedup"),
        "float16": ("2x smaller", "GPU acceleration"),
        "int16x8": ("almost 3-4x smaller", ""),
        "int16x8_float_fallback": ("almost 3-4x smaller", ""),
    }


@pytest.mark.parametrize(
    ("size", "latency", "kept"),
    [(25_000.0, 0.5, (True, True)), (26_000.0, 0.4, (False, True)), (20_000.0, 0.6, (True, False))],
)
def test_promises_are_compared_with_the_measurements(winner, size, latency, kept):
    def with_figures(entry, size, latency):
        figures = {"size_bytes": size, "latency_p50_ms": latency}
        return entry.model_copy(update={"measurements": figures})

    candidate = with_figures(winner.candidates[0], size, latency)
    baseline = with_figures(winner.baseline, 100_000.0, 1.0)
    decision = winner.model_copy(update={"baseline": baseline, "candidates": [candidate]})
    (kept_promise,) = promises(decision)
    assert (kept_promise.smaller, kept_promise.faster) == kept
    assert kept_promise.size == f"{100_000 / size:.2f}x"


def test_without_a_latency_or_a_model_a_promise_is_not_judged(none_qualified):
    by_name = {one.name: one for one in promises(none_qualified)}
    assert "int16x8" not in by_name
    assert by_name["float16"].faster is None


def test_without_latencies_only_sizes_are_compared(winner):
    def untimed(entry):
        figures = {"size_bytes": entry.measurements["size_bytes"]}
        return entry.model_copy(update={"measurements": figures})

    entries = [untimed(entry) for entry in winner.candidates]
    baseline = untimed(winner.baseline)
    comparisons = promises(winner.model_copy(update={"baseline": baseline, "candidates": entries}))
    assert {(one.speed, one.faster) for one in comparisons} == {("-", None)}
