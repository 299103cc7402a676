"""The changes since the previous run of a spec, added to the reports of a run."""

from html import escape

from quantgate.records.decision import Decision
from quantgate.report.compare import compare
from quantgate.report.marked import as_text, texts
from quantgate.report.parts import Section, plain_table
from quantgate.report.text import one_line

#: The places in a page for the section and the link to it, as no text in a page has comments.
IN_CONTENTS, IN_PAGE = "<!-- link to the previous run -->", "<!-- previous run -->"
TITLE = "Since the previous run"
COLUMNS = ("what", "change")
MOST_CHANGES = 30


def on_page(page: str, previous: Decision, decision: Decision, run: str) -> str:
    """Return a page with the changes since the previous run.

    Args:
        page: the page as HTML.
        previous: the decision of the previous run.
        decision: the decision of this run.
        run: the name of the previous run's folder, beside that of this run.
    """
    name = escape(run, quote=True)
    link = f'<p>The previous run is <a href="../{name}/report.html">{name}</a>.</p>'
    changes = plain_table(COLUMNS, changes_of(previous, decision), compact=True)
    section = Section(TITLE, f"{link}{changes}", folded=True)
    entry = f'<a href="#{section.anchor}">{TITLE}</a>'
    return page.replace(IN_CONTENTS, entry, 1).replace(IN_PAGE, section.html, 1)


def as_markdown(previous: Decision, decision: Decision, run: str) -> str:
    """Return the changes since the previous run as a section of Markdown."""
    lines = [
        f"\n## {TITLE}\n",
        f"The previous run is [{as_text(run)}](../{run}/report.md).\n",
        *texts(COLUMNS, changes_of(previous, decision)),
    ]
    return "\n".join(lines) + "\n"


def changes_of(previous: Decision, decision: Decision) -> list[tuple[str, str]]:
    """Return labels and changes, at most `MOST_CHANGES` of them."""
    changes = [(one_line(label), one_line(change)) for label, change in compare(previous, decision)]
    if not changes:
        return [("all", "nothing changed")]
    rest = len(changes) - MOST_CHANGES
    more = [("more", f"{rest} further changes, see quantgate compare")] if rest > 0 else []
    return [*changes[:MOST_CHANGES], *more]
