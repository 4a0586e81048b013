# SPDX-License-Identifier: GPL-2.0-only
import json
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.render import escape


@given(st.text())
def test_terminal_text_is_one_printable_line(text):
    shown = escape.terminal(text)
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert len(shown.splitlines()) <= 1
    assert not any("\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069" for char in shown)


def test_terminal_keeps_names_and_shows_what_it_took_out():
    assert escape.terminal("Jörg\t\x1b[2J") == "Jörg \\x1b[2J"
    assert escape.terminal("a\u202eb") == "a\\u202eb"


@given(st.text())
def test_xml_text_can_be_parsed_back(text):
    element = ET.Element("x")
    element.text = escape.xml_text(text)
    ET.fromstring(ET.tostring(element, encoding="utf-8"))


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
