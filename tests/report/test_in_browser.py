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
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

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
        if not request.url.startswith("file:"):
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
