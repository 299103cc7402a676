"""Plots as they stand in the page: without requests, in its colours, the same each time."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from quantgate.components.gate.plots import plots_of
from quantgate.records.decision import Decision
from quantgate.records.details import Details, Spread
from quantgate.records.outcomes import VerdictOutcome
from quantgate.report.html import render
from quantgate.statistics.confusion import PredictedClasses, PredictedScores, classes_of, curves_of

DECISIONS = Path(__file__).parents[2] / "report" / "decisions"


class Svg(HTMLParser):
    """Reads markup, holding every tag to being closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.uses, self.texts = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.open.append(tag)
        self.ids += [named["id"]] if "id" in named else []
        self.uses += [named["xlink:href"]] if "xlink:href" in named else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data.strip())


def detailed(decision, classes):
    rng = np.random.default_rng(3)
    right = rng.integers(0, classes, 500).astype(np.int32)
    own = np.where(rng.random(500) < 0.8, right, 0).astype(np.int32)
    subject = decision.winner
    rankings = PredictedScores(rng.random(500), right % 2)
    details = Details(
        subject=subject,
        classes=[
            classes_of(
                "top1", subject, PredictedClasses(own, right), PredictedClasses(right, right)
            )
        ],
        curves=[curves_of("roc_auc", subject, rankings, rankings)],
        spreads=[
            Spread(candidate=entry.name, figure="top1", low=-0.01, high=0.01)
            for entry in decision.candidates
        ],
    )
    return decision.model_copy(update={"details": details})


@pytest.fixture(scope="module")
def decision():
    return detailed(Decision.read(DECISIONS / "winner.json"), 10)


@pytest.fixture(scope="module")
def plots(decision):
    return plots_of(decision)


def test_plots_are_complete_and_reproducible(decision, plots):
    assert list(plots) == ["size_bytes", "latency_p95_ms", "baseline 0", "candidate 0", "roc 0"]
    assert plots == plots_of(decision)


def test_plots_have_descriptions_and_load_no_other_file(plots):
    for plot in plots.values():
        svg = Svg(plot)
        assert re.match(r'<svg viewBox="[\d. ]+" role="img" aria-labelledby="\S+ \S+"', plot)
        for outside in ("http:", "https:", "<style", "<metadata", "<image", "url(http"):
            assert outside not in plot.replace("http://www.w3.org/1999/xlink", "")
        assert all(use.startswith("#") for use in svg.uses)
        assert {use[1:] for use in svg.uses} <= set(svg.ids)
    title, description = Svg(plots["size_bytes"]).texts[:2]
    assert title == "top1 against size"
    assert "integer_only_int8 (winner): 29.8 KiB, 0.8908" in description
    assert "float32 (float32): 48.9 KiB, 0.8892" in description


def test_large_models_are_drawn_in_mib(decision):
    def larger(entry):
        size = {"size_bytes": 2048 * entry.measurements.get("size_bytes", 0)}
        return entry.model_copy(update={"measurements": {**entry.measurements, **size}})

    entries = [larger(entry) for entry in decision.candidates]
    changed = {"baseline": larger(decision.baseline), "candidates": entries}
    drawn = Svg(plots_of(decision.model_copy(update=changed))["size_bytes"]).texts
    assert "float32 (float32): 97.74 MiB, 0.8892" in drawn[1]
    assert "integer_only_int8 (winner): 59.56 MiB, 0.8908" in drawn[1]


def test_colours_are_those_of_the_page(decision, plots):
    for plot in plots.values():
        assert "var(--soft)" in plot
        assert not re.search(r"#[0-9a-f]{6}\b", plot)
    assert "@media (prefers-color-scheme: dark)" in render(decision)


def test_ids_of_all_plots_on_a_page_differ(plots):
    ids = Svg("".join(plots.values())).ids
    assert len(ids) == len(set(ids))


def test_names_fit_and_equal_points_share_a_label(plots):
    texts = Svg(plots["size_bytes"]).texts
    assert "integer_only_int8" in texts
    assert "int16x8 and 1 more" in texts


def test_error_bars_end_at_the_range_of_the_metric(decision):
    """Nearly all is right: a difference of 0.01 more would be more than all."""
    near = [
        entry.model_copy(
            update={"measurements": {**entry.measurements, "top1": 0.998}, "verdicts": []}
        )
        for entry in (decision.baseline, *decision.candidates)
    ]
    plot = plots_of(decision.model_copy(update={"baseline": near[0], "candidates": near[1:]}))
    texts = Svg(plot["size_bytes"]).texts
    ticks = [float(text) for text in texts if re.fullmatch(r"[01]\.\d+", text)]
    assert 0.985 < min(ticks) < 0.99
    assert max(ticks) == 1


def test_long_names_of_classes_are_shortened_at_the_axes(decision):
    classes = decision.details.classes[0]
    labels = [f"{label}-Norwegian elkhound" for label in classes.labels]
    details = decision.details.model_copy(
        update={"classes": [classes.model_copy(update={"labels": labels})]}
    )
    texts = Svg(plots_of(decision.model_copy(update={"details": details}))["candidate 0"]).texts
    assert texts.count("3-Norwegian e…") == 2


def test_names_with_markup_are_text(decision):
    text = "<b>$x^2$&\"'"
    named = [
        entry.model_copy(update={"name": f"{text}{k}"})
        for k, entry in enumerate(decision.candidates)
    ]
    shown = decision.model_copy(update={"candidates": named, "winner": f"{text}2"})
    texts = Svg(plots_of(shown)["size_bytes"]).texts
    assert f"{text}2" in texts


def test_matrices_of_many_classes_are_not_drawn(decision):
    many = detailed(decision, 60)
    assert list(plots_of(many)) == ["size_bytes", "latency_p95_ms", "roc 0"]
    fifty = plots_of(detailed(decision, 40))["candidate 0"]
    assert "12" in Svg(fifty).texts
    assert len(fifty) < 100_000


def test_candidates_without_measurements_are_not_drawn(decision):
    def untimed(entry):
        kept = {
            name: entry.measurements[name]
            for name in ("top1", "size_bytes")
            if name in entry.measurements
        }
        return entry.model_copy(update={"measurements": kept})

    bare = decision.model_copy(
        update={
            "baseline": untimed(decision.baseline),
            "candidates": [untimed(entry) for entry in decision.candidates],
            "details": Details(),
        }
    )
    assert list(plots_of(bare)) == ["size_bytes"]
    assert plots_of(bare.model_copy(update={"metrics": {}, "limits": {}, "choose": []})) is not None
    alone = bare.model_copy(update={"candidates": []})
    assert plots_of(alone) == {}


def test_without_matplotlib_the_page_has_no_plots():
    code = f"""
import sys

sys.modules["matplotlib"] = None
from pathlib import Path

from quantgate.components.gate.plots import plots_of
from quantgate.records.decision import Decision
from quantgate.report.html import render

text = Path({str(DECISIONS / "winner.json")!r}).read_text("utf-8")
decision = Decision.model_validate_json(text)
assert plots_of(decision) == {{}}
assert "<figure>" not in render(decision, {{}})
"""
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "pip install 'quantgate[report]'" in done.stderr


def test_axes_start_at_0_or_say_that_they_do_not(plots):
    across, up = axes_of(plots["size_bytes"])
    assert across == ["size, KiB"]
    assert "0" in Svg(plots["size_bytes"]).texts
    assert re.fullmatch(r"top1 \(axis starts at 0\.8[78]\d*\)", up[0])


def axes_of(plot):
    texts = Svg(plot).texts
    titles = ("size", "p50", "p95", "mcu_arena", "latency")
    return [t for t in texts if t.startswith(titles)], [t for t in texts if t.startswith("top1 (")]


def test_what_a_limit_forbids_is_shaded(decision, plots):
    assert Svg(plots["size_bytes"]).texts.count("forbidden") == 1
    free = [entry.model_copy(update={"verdicts": []}) for entry in decision.candidates]
    plain = plots_of(decision.model_copy(update={"candidates": free}))
    assert "forbidden" not in Svg(plain["size_bytes"]).texts


def test_a_limit_far_from_all_candidates_is_named_at_the_axis(decision):
    def loosened(entry):
        verdicts = [
            verdict.model_copy(update={"limit": 1e5})
            for verdict in entry.verdicts
            if verdict.name == "latency_p95_ms"
        ]
        return entry.model_copy(update={"verdicts": verdicts})

    changed = {"candidates": [loosened(entry) for entry in decision.candidates]}
    plots = plots_of(decision.model_copy(update=changed))
    assert axes_of(plots["latency_p95_ms"])[0] == ["latency p95, ms (logarithmic)"]
    assert "the limit of p95, 100,000 ms, is off the axis" in Svg(plots["latency_p95_ms"]).texts


def test_an_undecided_candidate_is_not_drawn_as_a_miss(decision):
    def opened(entry):
        verdicts = [
            verdict.model_copy(update={"outcome": VerdictOutcome.UNDECIDED})
            for verdict in entry.verdicts
            if not verdict.passed
        ]
        return entry.model_copy(update={"verdicts": verdicts})

    candidates = [opened(entry) for entry in decision.candidates]
    texts = Svg(
        plots_of(decision.model_copy(update={"candidates": candidates}))["size_bytes"]
    ).texts
    assert "undecided" in texts
    assert "misses a limit" not in texts


def test_confusion_matrices_distinguish_true_classes_from_predicted_ones(plots):
    texts = Svg(plots["candidate 0"]).texts
    assert "true" in texts
    assert "predicted" in texts
