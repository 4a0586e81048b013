# SPDX-License-Identifier: GPL-2.0-only
"""Each medium's one escape function, read back by a real reader of that medium: nothing breaks out.

Mail headers, GitHub's Markdown and workflow commands, SARIF and manual pages have theirs beside their
renderers: test_mail, test_markdown, test_github, test_sarif, cli/test_man.
"""

import json
import urllib.parse
from xml.etree import ElementTree as ET

import jinja2
import pyte
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from kpatch_tools.model.preview import PreviewPage
from kpatch_tools.render import docs_preview, escape, html
from tests.strategies import TEXT, WAYS_OUT

COLUMNS = 120
AFTER = "after"


def on_screen(text: str) -> pyte.Screen:
    """The terminal after ``text`` and a word of our own."""
    screen = pyte.Screen(COLUMNS, 200)
    pyte.Stream(screen).feed(text + AFTER)
    return screen


def obeyed(screen: pyte.Screen, columns: int) -> bool:
    """Whether a terminal did anything with ``columns`` of text but show them."""
    fresh = pyte.Screen(COLUMNS, 200)
    row, column = divmod(columns, COLUMNS)
    return not (
        (screen.cursor.y, screen.cursor.x) in {(row, column), (row - 1, COLUMNS)}
        and (screen.title, screen.icon_name) == ("", "")
        and screen.mode == fresh.mode
        and screen.margins == fresh.margins
        and screen.charset == fresh.charset
        and screen.tabstops == fresh.tabstops
        and screen.cursor.attrs == fresh.cursor.attrs
        and screen.cursor.hidden == fresh.cursor.hidden
    )


# Columns are counted for ASCII; how wide other characters are is tested in test_columns.
ASCII_OF = st.text(
    st.one_of(
        st.sampled_from("\x1b\x9b\x07\x08\r\n\x0b\x0c\x0e\x0f\x84\x85\x8d\x90\x9d\t[];?0123hlmJHr"),
        st.characters(max_codepoint=0x9F),
    ),
    max_size=60,
)


@given(ASCII_OF)
@example("\x1b[2J\x1b[5;1H")
@example("\x1b]0;owned\x07\x1b[?25l\x1b[3;4r\x1b(0\x1b[31m")
def test_a_terminal_shows_it_and_obeys_nothing(text: str) -> None:
    shown = escape.terminal(text)
    screen = on_screen(shown)
    assert not obeyed(screen, len(shown + AFTER))
    assert "".join(screen.display).rstrip() == shown + AFTER


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "\x1b[?25l", "\x1b]0;owned\x07", "\x9b31m", "\x1b(0", "a\rb", "a\x08"]
)
def test_without_the_escape_a_terminal_obeys(text: str) -> None:
    assert obeyed(on_screen(text), len(text + AFTER))


@given(TEXT)
def test_terminal_text_is_one_line_that_runs_one_way(text: str) -> None:
    shown = escape.terminal(text)
    assert len(shown.splitlines()) <= 1
    assert not set(shown) & set(
        "\x1b\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
    shown.encode()


def test_terminal_keeps_names_and_shows_what_it_took_out():
    assert escape.terminal("Jörg\t\x1b[2J") == "Jörg \\x1b[2J"
    assert escape.terminal("a\u202eb") == "a\\u202eb"


PLACES = '<p title="{{ text }}">{{ text }}</p><pre id="last">{{ text }}</pre>'


def page(environment: jinja2.Environment, text: str) -> str:
    return environment.from_string(f"<!DOCTYPE html><body>{PLACES}</body>").render(text=text)


@pytest.mark.parametrize("environment", [html._environment, docs_preview._environment])
def test_nothing_breaks_out_of_a_page(environment) -> None:
    @given(TEXT)
    @example("\"'><script>&quot;</pre></p><!--")
    def check(text: str) -> None:
        tree = LexborHTMLParser(page(environment(), text))
        assert [node.tag for node in tree.css("body *")] == ["p", "pre"]
        shown = escape.html_text(text)
        paragraph = tree.css_first("p")
        assert paragraph.attributes == {"title": shown}
        assert paragraph.text() == shown
        # A reader of HTML takes a line break at the start of <pre> for no text.
        assert tree.css_first("pre").text() == shown.removeprefix("\n")

    check()


@pytest.mark.parametrize("way", ["<b>", "</p><script>", '"><img src=x onerror=alert(1)>'])
def test_without_the_escape_a_page_has_more_in_it(way: str) -> None:
    plain = jinja2.Environment(autoescape=False)
    tree = LexborHTMLParser(page(plain, way))
    assert [node.tag for node in tree.css("body *")] != ["p", "pre"]


@given(TEXT, TEXT)
def test_a_preview_is_a_page_whatever_its_document_is_called(text: str, other: str) -> None:
    shown = PreviewPage(
        path=text, what=other, conf=text, tool=other, changes=(), findings=(), body="<section></section>",
        style="p { color: red; }", diff="", whole=False,
    )  # fmt: skip
    tree = LexborHTMLParser(docs_preview.page(shown))
    assert not tree.css("script, img, iframe, object, form, base, link")
    assert [style.text(deep=True).count("</") for style in tree.css("style")] == [0]
    assert tree.css_first("h1").text() == escape.html_text(text)


@given(TEXT)
@example("]]><x/>")
@example("\"'<&>\t\n")
def test_nothing_breaks_out_of_xml(text: str) -> None:
    element = ET.Element("x", {"a": escape.xml_text(text)})
    ET.SubElement(element, "y").text = escape.xml_text(text)
    back = ET.fromstring(ET.tostring(element, encoding="utf-8"))
    assert [one.tag for one in back.iter()] == ["x", "y"]
    assert back.attrib == {"a": escape.xml_text(text)}
    # XML 1.0, 2.11: a reader makes one line break of each.
    lines = escape.xml_text(text).replace("\r\n", "\n").replace("\r", "\n")
    assert (back.find("y").text or "") == lines


@pytest.mark.parametrize("text", ["a\x00", "\x1b", "\ufffe", "\ud800"])
def test_without_the_escape_it_is_no_xml(text: str) -> None:
    element = ET.Element("x")
    element.text = text
    with pytest.raises((ET.ParseError, UnicodeEncodeError)):
        ET.fromstring(ET.tostring(element, encoding="unicode").encode())


@given(st.text())
def test_github_text_cannot_start_a_command_of_its_own(text):
    assert "\n" not in escape.github_data(text)
    assert "\r" not in escape.github_data(text)
    assert not set(":,\r\n") & set(escape.github_property(text))


@given(st.dictionaries(st.text(), st.text()))
def test_a_json_document_keeps_its_value_and_obeys_nothing(value):
    shown = escape.json_text(json.dumps(value, ensure_ascii=False))
    assert json.loads(shown) == value
    assert not any("\x7f" <= char <= "\x9f" or "\u2028" <= char <= "\u202e" for char in shown)


def test_a_json_document_shows_what_a_terminal_would_obey():
    assert escape.json_text('"a\x9b31m\u202eb\xe9"') == '"a\\u009b31m\\u202eb\xe9"'


@given(TEXT.filter(bool))
@example("javascript:alert(1)")
@example("a?b#c%41")
@example("//example.org/x")
def test_a_path_is_the_path_of_a_uri_and_no_more(text: str) -> None:
    uri = escape.uri_path(text)
    read = urllib.parse.urlsplit(uri)
    assert (read.scheme, read.netloc, read.query, read.fragment) == ("", "", "", "")
    back = urllib.parse.unquote(uri, errors="strict")
    assert back.lstrip("/") == text.encode("utf-8", "backslashreplace").decode().lstrip("/")
    assert back.startswith("/") == text.startswith("/")


@pytest.mark.parametrize("way", WAYS_OUT)
def test_every_function_takes_each_way_out(way: str) -> None:
    for name in (
        "terminal",
        "html_text",
        "xml_text",
        "markdown",
        "sarif_text",
        "mail_line",
        "roff",
        "uri_path",
    ):
        getattr(escape, name)(way).encode()


@pytest.mark.parametrize("char", "\xad\u115f\u180e\u200b\u2060\u3164\ufeff\uffa0\ufff9\U000e0041\U000e0100")
def test_nothing_is_hidden_in_a_line(char: str) -> None:
    shown = escape.terminal(f"a{char}b")
    assert shown.isascii()
    assert shown.encode().decode("unicode_escape") == f"a{char}b"
    assert char not in escape.html_text(f"a{char}b")
    assert char not in escape.mail_line(f"a{char}b")


def test_letters_that_are_joined_stay_so() -> None:
    assert (
        escape.terminal("\u0915\u094d\u200d\u0937 \u0645\u06cc\u200c")
        == "\u0915\u094d\u200d\u0937 \u0645\u06cc\u200c"
    )
