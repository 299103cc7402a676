"""Warnings about latencies: noise, too few runs, ties, and models slower than the baseline."""

import math
from collections.abc import Iterator, Mapping, Sequence

from quantgate.decision.choice import Alike, is_weighted
from quantgate.domain.figures import LATENCIES, MEDIAN
from quantgate.domain.warnings import (
    FEW_RUNS,
    NOISY_MACHINE,
    REFUSED_BY_XNNPACK,
    SLOW_MODELS,
    SLOWER_THAN_FLOAT,
    TIED_LATENCIES,
    Warned,
)
from quantgate.records.entries import Entry
from quantgate.records.tasks import Benchmark, Conditions
from quantgate.spec.model.choice import Objective
from quantgate.spec.model.limit import Limit
from quantgate.statistics.latency_ratios import is_distinguishable, least_runs, resolution_of
from quantgate.wording.figures import conditions_text, confidence_text, range_text, ratio_text

#: A machine is noisy if a model and its own copy differ by more.
NOISY = 1.05
#: The number of models in one warning.
MOST_NAMED = 12


def warnings_of_timing(
    benchmark: Benchmark | None,
    baseline: Entry,
    candidates: Sequence[Entry],
    limits: Mapping[str, Limit],
    choose: Sequence[Objective],
    alike: Alike,
) -> list[Warned]:
    """Warn of latencies that are less certain than they look, and of slow candidates."""
    if benchmark is None or not benchmark.timings:
        return []
    return [
        *_of_refusals(benchmark, [baseline, *candidates]),
        *_of_noise(benchmark),
        *_of_too_few_runs(benchmark, limits),
        *_of_fewer_runs(benchmark, candidates),
        *_of_equals(candidates, choose, alike),
        *_of_slower_ones(benchmark, baseline, candidates),
    ]


def _of_refusals(benchmark: Benchmark, entries: Sequence[Entry]) -> Iterator[Warned]:
    refused = [entry.name for entry in entries if entry.model_sha256 in benchmark.refusals]
    if refused:
        yield REFUSED_BY_XNNPACK.says(
            f"XNNPACK refuses {few_of(refused)}: latency and memory are those of LiteRT's built-in "
            "kernels, on which such models run without default delegates"
        )


def _of_noise(benchmark: Benchmark) -> Iterator[Warned]:
    itself = benchmark.itself
    if itself is None or resolution_of(itself) <= NOISY:
        return
    yield NOISY_MACHINE.says(
        "this machine was too noisy to distinguish models whose latencies differ by less than "
        f"{100 * (resolution_of(itself) - 1):.0f} %. The baseline's ratio to its own copy was "
        f"{range_text(itself)}{_circumstances(benchmark.conditions)}. Time on a quiet machine, "
        "with `--no-cache`, as the cache keeps these timings too, or with more `runs`"
    )


def _circumstances(conditions: Conditions | None) -> str:
    if conditions is None:
        return ""
    return f" ({conditions_text(conditions)})"


def _of_too_few_runs(benchmark: Benchmark, limits: Mapping[str, Limit]) -> Iterator[Warned]:
    for name, limit in limits.items():
        figure = LATENCIES.get(name)
        if figure is None or figure.percentile is None or limit.confidence is None:
            continue
        needed = least_runs(figure.percentile, limit.confidence)
        if benchmark.runs < needed:
            yield FEW_RUNS.says(
                f"{benchmark.runs:,} runs cannot show a limit on {name} at "
                f"{confidence_text(limit.confidence)}: at least {needed:,} are needed, set "
                "`measure.latency.runs`"
            )


def _of_fewer_runs(benchmark: Benchmark, candidates: Sequence[Entry]) -> Iterator[Warned]:
    runs = {
        entry.name: sum(1 for spent in timings if spent is not None)
        for entry in candidates
        if (timings := benchmark.timings.get(entry.model_sha256 or ""))
    }
    fewer = [f"{name} {count:,}" for name, count in runs.items() if count < benchmark.runs]
    if fewer:
        yield SLOW_MODELS.says(
            f"slow models were timed less often than {benchmark.runs:,} times, to stay within "
            f"{benchmark.budget_s:g} s each (`measure.latency.budget_s`): {few_of(fewer)}"
        )


def _of_equals(
    candidates: Sequence[Entry], choose: Sequence[Objective], alike: Alike
) -> Iterator[Warned]:
    qualified = [entry for entry in candidates if entry.competes]
    weighted = is_weighted(choose)
    where = "in the weighted sum" if weighted else "in the choice, whatever `within` says"
    for objective in choose:
        name = objective.figure
        if name in LATENCIES and qualified:
            first = min(qualified, key=lambda one: _place(one, name, weighted)).name
            equals = [one.name for one in qualified if alike(objective, one.name, first)]
            if equals:
                yield TIED_LATENCIES.says(
                    f"{few_of([first, *equals])} are indistinguishable by {name} on this machine, "
                    f"so they count as equal {where}"
                )


def _place(entry: Entry, latency: str, weighted: bool) -> tuple[float, str]:
    """Return the order: by the latency, or with weights by the score."""
    figure = entry.score if weighted else entry.measurements[latency]
    return math.inf if figure is None else figure, entry.name


def few_of(names: Sequence[str]) -> str:
    """Return the first of the names, and the number of the others."""
    more = len(names) - MOST_NAMED
    return f"{', '.join(names[:MOST_NAMED])}{f' and {more:,} more' if more > 0 else ''}"


def _of_slower_ones(
    benchmark: Benchmark, baseline: Entry, candidates: Sequence[Entry]
) -> Iterator[Warned]:
    slower = [
        f"{entry.name} {ratio_text(entry.measurements[MEDIAN.name] / reference)} times as long "
        f"({range_text(interval)})"
        for reference in [baseline.measurements.get(MEDIAN.name)]
        for entry in candidates
        if reference
        and (interval := entry.ratios.get(MEDIAN.name))
        and interval.low > 1
        and is_distinguishable(interval, benchmark.itself)
    ]
    if slower:
        threads = f"{benchmark.threads} thread{'' if benchmark.threads == 1 else 's'}"
        yield SLOWER_THAN_FLOAT.says(
            f"slower than float32 on this processor ({benchmark.processor}, {threads}): "
            f"{few_of(slower)}. Another processor may have faster kernels for these models: "
            "time them on the processor of the target"
        )
