"""Texts that could take control of a terminal become visible."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgate.foundation.terminal import VisibleStream, beneath, visible

HARMFUL = {
    "\x1b]0;title\x07": r"\u001b]0;title\u0007",
    "\x1b[2J": r"\u001b[2J",
    "\x1b[31mred\x1b[0m": "red",
    "\x1b\x1b[0m[2J": r"\u001b[2J",
    "\x9b2J": r"\u009b2J",
    "a\rb": r"a\rb",
    "a\bb": r"a\bb",
    "\x7f": r"\u007f",
    "\u202egnp.exe": r"\u202egnp.exe",
    "\u2066a\u2069": r"\u2066a\u2069",
    "\u200b": r"\u200b",
    "\U000e0041": r"\udb40\udc41",
    "line\n\ttab": "line\n\ttab",
    "Größe 名前 👩‍💻": "Größe 名前 👩‍💻",
}


@pytest.mark.parametrize("text", HARMFUL, ids=map(repr, HARMFUL))
def test_controls_become_visible(text: str):
    assert visible(text) == HARMFUL[text]


@given(st.text())
def test_json_keeps_its_meaning(text: str):
    document = json.dumps([text], ensure_ascii=False)
    assert json.loads(visible(document)) == [text]


@given(st.text())
def test_what_is_visible_stays(text: str):
    assert visible(visible(text)) == visible(text)


def test_a_stream_writes_visible_text():
    written = io.StringIO()
    stream = VisibleStream(written)
    print("a\x1b[2Jb", file=stream)
    stream.writelines(["\u202e", "c\n"])
    assert written.getvalue() == "a\\u001b[2Jb\n\\u202ec\n"
    assert beneath(stream) is written
    assert beneath(written) is written
