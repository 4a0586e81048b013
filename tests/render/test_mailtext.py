# SPDX-License-Identifier: GPL-2.0-only
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.parse.quoted import mail_lines
from kpatch_tools.parse.trailers import is_offered
from kpatch_tools.render.mailtext import WIDTH, harmless, literal, paragraph, sentence

# As b4 0.16 looks for trailers in a reply (LoreMessage.find_trailers).
B4_TRAILER = re.compile(r"^\s*(\w\S+):\s+(\S.*@\S.*)")


def test_a_paragraph_has_72_columns_and_keeps_long_words() -> None:
    lines = paragraph("word " * 40 + "x" * 100 + " end", hang="  ")
    assert max(len(line) for line in lines if "x" not in line) <= WIDTH == 72
    assert "x" * 100 in "\n".join(lines)
    assert lines[1].startswith("  word")
    assert " ".join(" ".join(lines).split()) == "word " * 40 + "x" * 100 + " end"
    assert paragraph("  ") == []


@pytest.mark.parametrize(
    "word",
    [
        "> 0",
        "From x",
        "Reviewed-by: A <a@b.c>",
        "--- a/x",
        "@@ -1 +1 @@",
        "<a@b.c>",
        "#syz dup",
        "#regzbot x",
    ],
)
def test_no_line_begins_with_what_a_program_takes_for_its_own(word: str) -> None:
    for length in range(50, 80):
        text = "y" * length
        for line in paragraph(f"{text} {word} and so on"):
            assert harmless(line) == line
            assert not B4_TRAILER.match(line)
            assert not line.startswith((">", "From ", "---", "@@", "<", "#"))
    assert paragraph(word)[0].startswith("| ")


@pytest.mark.parametrize(
    "line",
    [
        "Signed-off-by: A U Thor <a@b.c>", "    Tested-by: x <x@y.z>", "Fixes: 0123456789ab", "Link: https://x",
        "Nit: by a@b.c", "diff --git a/x b/x", "-- ", "---", "+++ b/x",
        "#syz invalid", "#forregzbot inconclusive", "pw-bot: accept",
    ],
)  # fmt: skip
def test_lines_to_paste_are_marked_where_they_would_be_taken(line: str) -> None:
    (made,) = literal(line)
    assert "| " in made or made.startswith("    ")
    assert not B4_TRAILER.match(made)
    assert not is_offered(made)
    assert harmless(line).strip().startswith("| ")


def test_a_line_of_code_with_a_hash_stays_as_it_is() -> None:
    assert literal("#define A 1") == ["    #define A 1"]


def test_code_keeps_its_form_however_long() -> None:
    code = "\tif (x)\n\t\treturn " + "y" * 100 + ";\n\n}"
    assert literal(code) == ["    \tif (x)", "    \t\treturn " + "y" * 100 + ";", "", "    }"]
    assert literal("a\x1b[2J\u2028b") == ["    a\\x1b[2J\\u2028b"]


def test_sentences() -> None:
    assert sentence("the title is odd") == "The title is odd."
    assert sentence("kvm_x() is odd") == "kvm_x() is odd."
    assert sentence("``size`` is") == "``size`` is."
    assert sentence("is it?") == "Is it?"
    assert sentence("") == ""


PIECES = (*'aZ -:>@<.=[]"\n\r\x0c\u2028\x85\x1b', "From ", "Acked-by: a@b.c ", "diff ", "word ")
TEXT = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@given(TEXT)
def test_hostile_words_make_no_quote_no_trailer_and_no_diff(text: str) -> None:
    for line in [*paragraph(text), *literal(text)]:
        assert len(line.splitlines()) <= 1
        assert not B4_TRAILER.match(line)
        assert not is_offered(line)
        assert [one.depth for one in mail_lines(line)] == [0]
        assert not line.startswith(("From ", "diff ", "---", "+++ ", "@@ "))
