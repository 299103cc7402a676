from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgate.records.outcomes import VerdictOutcome
from quantgate.report.html import render
from quantgate.report.parts import breakable
from quantgate.report.table import standing
from quantgate.report.text import one_line

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Reads a page, holding every tag to being closed. Texts include the places to wrap them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.wraps = False
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.wraps = tag == "wbr"
        if self.wraps:
            return
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.wraps:
            self.texts[-1] += data
        else:
            self.texts.append(data)
        self.wraps = False


def test_the_page_of_a_winner(winner):
    page = Page(render(winner))
    for text in [
        "fashion: winner",
        "integer_only_int8",
        "1.64 times smaller: 29.8 KiB instead of 48.9 KiB",
        "no drop, but better by 0.0016. The drop is at most 0.0007 at 95 % confidence. The "
        "limit is 0.01",
        "2 January 2026, 03:04 UTC",
        "48.9 KiB",
        "29.8 KiB, 0.61x",
        "misses size by 0.045x",
        "✗ 0.695",
        "✓ -0.0004, up to 0.0001",
        "Pareto front of these objectives: integer_only_int8.",
        "3a6eb0790f39",
    ]:
        assert text in page.texts
    assert page.tags.count("tr") == (1 + 7) + (1 + 6) + (1 + 7) + (1 + 6)
    assert "Advice" not in page.texts


def test_the_page_of_a_run_without_a_winner(none_qualified):
    decision = none_qualified.model_copy(update={"advice": ["try int16x8"]})
    page = Page(render(decision))
    for text in [
        "fashion: none qualified",
        "No model to ship: no candidate qualifies",
        "try int16x8",
        "rejected",
        ": failed: the converter raised: Quantization to 16x8-bit not yet supported for op: 'DIV'",
        # In the table of candidates too.
        "the converter raised: Quantization to 16x8-bit not yet supported for op: 'DIV'",
    ]:
        assert text in page.texts


def test_the_mode_is_shown_if_it_differs_from_the_name(winner):
    named = winner.candidates[0].model_copy(update={"name": "mine"})
    page = Page(render(winner.model_copy(update={"candidates": [named]})))
    assert page.texts[page.texts.index("mine") + 1] == "dynamic_range"


def test_a_page_without_a_pareto_front_shows_none(winner):
    candidates = [entry.model_copy(update={"pareto": False}) for entry in winner.candidates]
    assert "Pareto" not in render(winner.model_copy(update={"candidates": candidates}))


def test_every_detail_has_its_section(rich):
    page = Page(render(rich, {"size_bytes": "<svg></svg>", "candidate 0": "<svg></svg>"}))
    headings = [
        "Candidates", "Trade-offs", "Limits", "Choice", "Other measurements",
        "Promised and measured", "Classes", "Ops", "Inputs and outputs", "Calibration ranges",
        "Provenance", "Reproduce",
    ]  # fmt: skip
    # The contents, and the headings.
    assert [text for text in page.texts if text in headings] == headings * 2
    for text in [
        "FULLY_CONNECTED 1 (10.0 % of MACs), SOFTMAX 1",
        "int8 13, float32 2",
        "1.64x",
        "3x+ speedup",
        "constant: 0 for every sample",
        "?x28x28x1",
        "0.00390625",
        "pip install 'quantgate[all]==0.1.0' tensorflow==2.21.0 ai-edge-litert==2.3.0\n"
        "quantgate run spec.yaml",
    ]:
        assert text in page.texts, text
    assert page.tags.count("svg") == 2
    assert page.tags.count("figure") == 2


def test_other_metrics_are_in_tables_that_fit_a_page(winner):
    names = [f"metric{number}" for number in range(12)]

    def measured(entry):
        more = dict.fromkeys(names, 0.5)
        return entry.model_copy(update={"measurements": {**entry.measurements, **more}})

    metrics = {**winner.metrics, **dict.fromkeys(names, "top1")}
    page = Page(
        render(
            winner.model_copy(
                update={
                    "metrics": metrics,
                    "baseline": measured(winner.baseline),
                    "candidates": [measured(entry) for entry in winner.candidates],
                }
            )
        )
    )
    assert [page.texts.count(name) for name in names] == [1] * 12
    # Candidates, other metrics in tables of five, limits, promises.
    assert page.tags.count("table") == 1 + 3 + 1 + 1


@pytest.mark.parametrize("fixture", ["winner", "none_qualified"])
def test_the_page_is_self_contained(fixture, request):
    text = render(request.getfixturevalue(fixture))
    page = Page(text)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert "src" not in {name for name, _ in page.attributes}
    targets = {value for name, value in page.attributes if name == "href"}
    assert targets == {f"#{value}" for name, value in page.attributes if name == "id"}
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_adapts_to_dark_mode_narrow_screens_and_print(winner):
    text = render(winner)
    assert "prefers-color-scheme: dark" in text
    assert "@media screen and (max-width: 44rem)" in text
    assert ("name", "viewport") in Page(text).attributes


@settings(deadline=None)
@given(st.text(st.sampled_from("ab <>&\"'/=!-\n\x00\x1b"), min_size=1).map("x{}x".format))
def test_markup_in_a_decision_is_escaped(hostile, text):
    shown = one_line(text)
    page = Page(render(hostile(text)))
    harmless = Page(render(hostile("harmless")))
    assert page.tags == harmless.tags
    assert page.texts == [seen.replace("harmless", shown) for seen in harmless.texts]


def test_an_undecided_limit_beside_a_violated_one_does_not_look_violated(winner):
    entry = next(each for each in winner.candidates if standing(each, winner) == "misses")
    changes = {"passed": False, "outcome": VerdictOutcome.UNDECIDED}
    verdicts = [
        each.model_copy(update=changes) if each.name == "top1" else each for each in entry.verdicts
    ]
    changed = entry.model_copy(update={"verdicts": verdicts})
    page = render(winner.model_copy(update={"candidates": [changed], "winner": None}))
    assert '<span class="open">top1 undecided</span><br>misses size' in page


@pytest.mark.parametrize(
    ("name", "html"),
    [("model/conv_1/add", "model/<wbr>conv_<wbr>1/<wbr>add"), ("<b>/", "&lt;b&gt;/<wbr>")],
)
def test_long_names_wrap_after_slashes_and_underscores(name, html):
    assert breakable(name) == html
