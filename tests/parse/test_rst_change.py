# SPDX-License-Identifier: GPL-2.0-only
"""A changed document that is read in part is read as the whole would be."""

import random

import pytest

from kpatch_tools.parse.rst import read
from kpatch_tools.parse.rst_change import read_versions
from kpatch_tools.parse.rst_lines import source_lines
from tests.edits import document, edited

TEXT = document()
LINES = source_lines(TEXT)
READING = read(LINES)


def both(new: str | list[str], old: str = TEXT):
    text = new if isinstance(new, str) else "\n".join(new) + "\n"
    before = READING if old is TEXT else None
    versions, _before, after = read_versions(old, text, before)
    assert after == read(source_lines(text))
    return versions


def with_line(line: str, near: str = "The call 2 takes") -> list[str]:
    at = next(index for index, text in enumerate(LINES) if text.startswith(near))
    return [*LINES[:at], *([line, ""] if line else []), *LINES[at:]]


@pytest.mark.parametrize("seed", range(3))
def test_random_edits(seed):
    rng = random.Random(seed)
    in_part = sum(bool(both(edited(LINES, rng)).first) for _ in range(20))
    assert in_part > 5


def test_one_section_is_read_where_one_is_touched():
    versions = both(with_line("Another sentence with `code`."))
    assert LINES[versions.first - 1] == "4.2 KVM_SET_A2"
    assert LINES[versions.last_before] == "4.3 KVM_SET_A3"
    assert versions.after.lines[versions.last_after] == "4.3 KVM_SET_A3"
    assert versions.last_after - versions.last_before == 2


def test_an_added_and_a_removed_section_are_read_in_part():
    added = with_line("4.9 KVM_SET_MORE\n----------------\n\n:Type: vm ioctl\n", near="4.3 KVM")
    assert both("\n".join(added)).first
    start, end = LINES.index("4.2 KVM_SET_A2"), LINES.index("4.3 KVM_SET_A3")
    assert both([*LINES[:start], *LINES[end:]]).first
    assert both([*LINES, "", "8.9 KVM_CAP_MORE", "----------------", "", "text"]).first


@pytest.mark.parametrize(
    "line",
    [
        ".. role:: odd",
        ".. default-role:: code",
        ".. _label:",
        ".. [1] a footnote",
        ".. |name| replace:: text",
        "a _`target` inside",
        "`named <https://example.org>`_",
        ".. header:: above",
        "`x`:c:macro:",
        ".. contents::",
        "=== ===\nno border below",
        "New style\n~~~~~~~~~\n\nNewer style\n+++++++++++",
    ],
)
def test_what_concerns_the_rest_is_read_as_a_whole(line):
    assert not both("\n".join(with_line(line)) + "\n").first


def test_a_role_far_away_has_its_say():
    old = TEXT + "\n.. role:: odd\n"
    assert not both(old.replace("The call 2 takes", "The :odd:`call` 2 takes"), old).first


def test_what_stands_above_the_first_title_is_read_as_a_whole():
    assert not both(["Words.", "", *LINES]).first
    assert not both("no title\n\nat all\n", "no title\n").first
    assert not both("", "x\n").first


def test_the_same_text_is_not_read_again():
    versions, before, after = read_versions(TEXT, TEXT, READING)
    assert before is after
    assert versions.before == versions.after


def test_known_readings_of_both_say_where_the_change_is():
    new = "\n".join(with_line("Another sentence.")) + "\n"
    versions, _before, after = read_versions(TEXT, new, READING)
    again, _before, same = read_versions(TEXT, new, READING, after)
    assert again == versions
    assert same is after
    # One that was read from another text tells nothing.
    assert not read_versions(TEXT, new, READING, READING)[0].first
