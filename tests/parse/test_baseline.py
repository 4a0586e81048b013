# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.model.baseline import HEADER
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.parse.baseline import parse_baseline
from kpatch_tools.render.baseline import render


def finding(message: str, path: str = "a.rst", rule: str = "docs/x", line: int = 1) -> Finding:
    return Finding(
        rule=rule, severity=Severity.ERROR, message=message, location=Location(path=path, line=line)
    )


def test_what_is_written_is_read_and_line_numbers_change_nothing():
    findings = [finding("S: b"), finding("S: a", line=9), finding("S: a"), finding("T: c", "0.rst", "docs/y")]
    text = render(findings)
    entries = parse_baseline(text, "known").entries
    assert [(one.path, one.rule, one.message) for one in entries] == [
        ("0.rst", "docs/y", "T: c"),
        ("a.rst", "docs/x", "S: a"),
        ("a.rst", "docs/x", "S: a"),
        ("a.rst", "docs/x", "S: b"),
    ]
    assert sorted(one.fingerprint for one in entries) == sorted(one.fingerprint for one in findings)
    assert [one.line for one in entries] == [3, 4, 5, 6]
    moved = [finding(one.message, one.location.path, one.rule, 99) for one in reversed(findings)]
    assert render(moved) == text
    assert parse_baseline(render([]), "known").entries == ()


def test_hostile_text_stays_on_its_line():
    (entry,) = parse_baseline(render([finding("S: a\nb\tc\x1b[0m\u2028d")]), "known").entries
    assert entry.message == "S: a\\nb c\\x1b[0m\\u2028d"


def test_comments_and_empty_lines_are_skipped():
    text = render([finding("S: a")]).replace("\n", "\n# a remark\n\n", 1)
    assert len(parse_baseline(text, "known").entries) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "known:1: not a baseline"),
        ("docs/x\n", "known:1: not a baseline"),
        (HEADER.replace("1", "2") + "\n", "known:1: not a baseline"),
        (f"{HEADER}\n<<<<<<< HEAD\n", "known:2: not fingerprint"),
        (f"{HEADER}\n#\n0123456789abcdef docs/x a.rst S: a\n", "known:3: not fingerprint"),
        (f"{HEADER}\n0123456789abcdeX\tdocs/x\ta.rst\tS: a\n", "known:2: not fingerprint"),
        (f"{HEADER}\n0123456789abcdef\tdocs/x\ta.rst\n", "known:2: not fingerprint"),
        (f"{HEADER}\n\x1b]0;x\x07\n", "known:2: not fingerprint"),
    ],
)
def test_a_bad_file_names_line_and_cure(text, said):
    with pytest.raises(UserError, match=said) as caught:
        parse_baseline(text, "known")
    assert "--write-baseline" in caught.value.cure
    assert "\x1b" not in caught.value.message
