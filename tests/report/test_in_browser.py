"""The report in a real browser on several screens: no overflow, no requests, no errors."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quantgate.components.gate.plots import plots_of
from quantgate.records.decision import Decision
from quantgate.records.details import ChangedSample, ChangedSamples
from quantgate.records.outcomes import VerdictOutcome
from quantgate.report.html import render

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Pixels of an A4 page between margins of 14 mm.
PAPER_WIDTH = 688
OVERFLOWING = """
() => [...document.querySelectorAll("body *")]
  .filter(e => !e.closest("svg") && e.getBoundingClientRect().width > 0)
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))
"""
CUT_OFF = """
() => [...document.querySelectorAll("table")]
  .filter(e => e.getBoundingClientRect().width > e.parentElement.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))
"""
#: Labels of scatter plots whose boxes overlap, by a pixel more than their padding.
COLLIDING = """
() => [...document.querySelectorAll(".trade-offs svg")].flatMap(svg => {
  const boxes = [...svg.querySelectorAll("text")].filter(e => e.textContent.trim())
    .map(e => [e.textContent, e.getBoundingClientRect()]);
  return boxes.flatMap(([one, a], place) => boxes.slice(place + 1)
    .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1
      && a.top < b.bottom - 2 && b.top < a.bottom - 2)
    .map(([other]) => `${one} | ${other}`));
})
"""
#: Texts outside of their plot.
CUT_TEXTS = """
() => [...document.querySelectorAll("figure svg")].flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text")].filter(e => e.textContent.trim()).filter(e => {
    const box = e.getBoundingClientRect();
    return box.left < frame.left - 1 || box.right > frame.right + 1
      || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
  }).map(e => e.textContent);
})
"""
#: Texts with less contrast than WCAG's level AA asks for, of colours without transparency.
PALE = """
() => {
  const channels = colour => colour.match(/[0-9.]+/g).slice(0, 4).map(Number);
  const luminance = rgb => rgb.slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const colour = channels(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const says = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll("body *")].filter(says)
    .filter(e => !["title", "desc"].includes(e.tagName)).map(e => {
    const style = getComputedStyle(e);
    const front = luminance(channels(e.closest("svg") ? style.fill : style.color));
    const back = luminance(behind(e));
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    return [contrast, e.tagName, e.textContent.trim().slice(0, 40)];
  }).filter(([contrast]) => contrast < 4.5);
}
"""
UNFOLD = "() => document.querySelectorAll('details').forEach(e => { e.open = true })"
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

LOADED = """
() => [...document.querySelectorAll(".gallery img")].filter(e => e.naturalWidth === 1).length
"""
#: A picture of one pixel.
PICTURE = (
    '<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4'
    '2mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==" alt="">'
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed: apt-get install chromium"),
]


class Seen:
    """A page and what it said and asked for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.heard: list[str] = []
        page.on("console", lambda message: self.heard.append(message.text))
        page.on("pageerror", lambda error: self.heard.append(str(error)))
        page.on("request", self._requested)

    def _requested(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.heard.append(request.url)

    def open(self, path: Path) -> float:
        """Open a file and return the seconds until it is painted."""
        began = time.perf_counter()
        self.page.goto(path.as_uri())
        self.page.evaluate(PAINTED)
        return time.perf_counter() - began


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture
def written(tmp_path: Path):
    """Write the page of a decision, with its plots."""

    def write(decision: Decision) -> Path:
        path = tmp_path / "report.html"
        path.write_text(render(decision, plots_of(decision)), encoding="utf-8")
        return path

    return write


@pytest.fixture
def decisions(rich, none_qualified, hostile, detailed):
    """Decisions of every kind, by name."""
    text = "<script>alert(1)</script>&\"'" + "long" * 20
    return {
        "winner": rich,
        "none_qualified": detailed(none_qualified),
        "hostile": detailed(hostile(text)),
        "many_classes": detailed(rich, classes=50),
        "many_metrics": with_metrics(rich, [f"metric_with_a_name_{k}" for k in range(14)]),
    }


def with_metrics(decision: Decision, names: list[str]) -> Decision:
    def measured(entry):
        more = dict.fromkeys(names, 0.123456)
        return entry.model_copy(update={"measurements": {**entry.measurements, **more}})

    return decision.model_copy(
        update={
            "metrics": {**decision.metrics, **dict.fromkeys(names, "top1")},
            "limits": {**decision.limits, **{name: {"min": 0.1} for name in names[:8]}},
            "baseline": measured(decision.baseline),
            "candidates": [measured(entry) for entry in decision.candidates],
        }
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_overflows_or_sends_requests_or_logs_errors(
    browser, written, decisions, width, scheme
):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    for name, decision in decisions.items():
        seen = Seen(context.new_page())
        seen.open(written(decision))
        page = seen.page
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
        assert page.evaluate(OVERFLOWING) == [], name
        assert page.evaluate(CUT_OFF) == [], name
        assert page.locator("svg").count() >= 2, name
        assert seen.heard == [], name
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(browser, written, decisions, scheme):
    for name, decision in decisions.items():
        page = browser.new_page(color_scheme=scheme)
        page.goto(written(decision).as_uri())
        page.evaluate(UNFOLD)
        assert page.evaluate(PALE) == [], name
        page.close()


@pytest.mark.parametrize("width", [400, 1280])
def test_labels_of_plots_do_not_collide_and_are_complete(browser, written, decisions, width):
    for name, decision in {**decisions, "undecided": undecided(decisions["winner"])}.items():
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(written(decision).as_uri())
        page.evaluate(UNFOLD)
        assert page.evaluate(COLLIDING) == [], name
        assert page.evaluate(CUT_TEXTS) == [], name
        page.close()


def undecided(decision: Decision) -> Decision:
    """Return a decision with a candidate of each standing that a plot can show."""
    open_, doubtful, *others = decision.candidates
    verdicts = [
        verdict.model_copy(update={"outcome": VerdictOutcome.UNDECIDED})
        for verdict in open_.verdicts
    ]
    changed = [
        open_.model_copy(update={"qualified": False, "verdicts": verdicts}),
        doubtful.model_copy(update={"qualified": False, "verdicts": []}),
    ]
    return decision.model_copy(update={"candidates": [*changed, *others]})


def test_pictures_of_samples_are_shown_in_rows_that_fit(browser, written, rich, tmp_path):
    samples = [
        ChangedSample(row=row, name=f"cats/{row}.png", right="cat", chosen="dog")
        for row in range(24)
    ]
    changed = ChangedSamples(
        signature="serve", figure="top1", candidate="x", lost=30, gained=2, shown=samples
    )
    details = rich.details.model_copy(update={"changed": [changed]})
    decision = rich.model_copy(update={"details": details})
    pictures = {f"sample 0 {number}": PICTURE for number in range(20)}
    path = tmp_path / "samples.html"
    path.write_text(render(decision, {**plots_of(decision), **pictures}), encoding="utf-8")
    for width in (400, 1280):
        seen = Seen(browser.new_page(viewport={"width": width, "height": 900}))
        seen.open(path)
        seen.page.evaluate(UNFOLD)
        assert seen.page.locator(".gallery img").count() == 20
        assert seen.page.evaluate(LOADED) == 20
        assert seen.page.locator("#samples-that-changed tbody tr").count() == 4
        assert seen.page.evaluate(OVERFLOWING) == []
        assert seen.heard == []
        seen.page.close()


def test_colours_follow_the_colour_scheme(browser, written, rich):
    path = written(rich)
    shades = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(path.as_uri())
        shades[scheme] = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor,"
            " getComputedStyle(document.querySelector('svg text')).fill]"
        )
        page.close()
    assert shades["light"][0] == "rgb(255, 255, 255)"
    assert shades["dark"][0] == "rgb(20, 24, 29)"
    assert shades["light"][1] != shades["dark"][1]


def test_a_link_in_the_contents_opens_its_folded_section(browser, written, rich):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(written(rich).as_uri())
    ops = page.locator("#ops table")
    assert not ops.is_visible()
    page.locator("nav a", has_text="Ops").click()
    assert ops.is_visible()
    page.close()


def test_printing_shows_folded_sections(browser, written, rich):
    page = browser.new_page(viewport={"width": PAPER_WIDTH, "height": 980})
    page.emulate_media(media="print")
    page.goto(written(rich).as_uri())
    assert page.locator("#ops table").is_visible()
    heading = "getComputedStyle(document.querySelector('summary')).breakAfter"
    assert page.evaluate(heading) == "avoid", "a heading stays with its section"
    page.close()


def test_printing_is_light_and_complete(browser, written, decisions, tmp_path):
    for name, decision in decisions.items():
        seen = Seen(browser.new_page(viewport={"width": PAPER_WIDTH, "height": 980}))
        seen.page.emulate_media(media="print", color_scheme="dark")
        seen.open(written(decision))
        assert seen.page.evaluate(OVERFLOWING) == [], name
        body = "getComputedStyle(document.body).backgroundColor"
        assert seen.page.evaluate(body) == "rgb(255, 255, 255)"
        content = seen.page.pdf(format="A4")
        assert content.startswith(b"%PDF")
        assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") < 40
        assert seen.heard == [], name
        seen.page.close()


def test_it_opens_in_the_sandboxed_frame_of_the_ui(browser, written, rich, tmp_path):
    from html import escape

    page = render(rich, plots_of(rich))
    outer = tmp_path / "ui.html"
    outer.write_text(
        f'<iframe sandbox width="1200" height="900" srcdoc="{escape(page, quote=True)}"></iframe>',
        encoding="utf-8",
    )
    seen = Seen(browser.new_page(viewport={"width": 1280, "height": 950}))
    seen.open(outer)
    frame = seen.page.frames[1]
    assert frame.locator("h1").inner_text() == rich.winner
    assert frame.locator("svg").count() == 5
    assert seen.heard == []


def test_a_thousand_candidates_open_in_two_seconds(browser, written, rich):
    candidates = [
        rich.candidates[number % 7].model_copy(
            update={"name": f"candidate-{number}", "model_sha256": f"{number:064}"}
        )
        for number in range(1000)
    ]
    attested = [
        rich.details.attested[0].model_copy(update={"candidate": entry.name})
        for entry in candidates
    ]
    details = rich.details.model_copy(update={"attested": attested})
    path = written(
        rich.model_copy(
            update={"candidates": candidates, "winner": "candidate-2", "details": details}
        )
    )
    for width in (1280, 400):
        seen = Seen(browser.new_page(viewport={"width": width, "height": 900}))
        assert seen.open(path) < 2
        assert seen.page.locator(".candidates tbody tr").count() == 1001
        assert seen.page.evaluate(OVERFLOWING) == []
        assert seen.heard == []
