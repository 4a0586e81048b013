# SPDX-License-Identifier: GPL-2.0-only
from dataclasses import replace

import pytest

from kpatch_tools.checks.answers import answers, offered
from kpatch_tools.checks.compare import match
from kpatch_tools.model.comparison import Answer, AnsweredComment, ReviewMail
from kpatch_tools.model.series import Patch, Person, Series
from kpatch_tools.parse.diff import read_diff
from kpatch_tools.parse.review_mail import read_review

BODY = """Turn the spindle by the number of turns that the caller
asks for, and wait until it stands.

A spindle that nobody turns rusts, which is the reason for all this.

Signed-off-by: Ada Author <ada@example.org>
"""
CODE = [
    "int turn(void)",
    "{",
    "\tint turns = 0;",
    "",
    "\tstart(turns);",
    "\twait_for_it();",
    "\treturn 0;",
    "}",
]
PROSE = [
    "Frob",
    "====",
    "",
    "Call it to turn the spindle once.  It waits",
    "until the spindle stands again.",
    "",
]


def new_file(path: str, lines: list[str]) -> str:
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    return head + f"@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)


def patch(number: int, subject: str, diff: str, body: str = BODY) -> Patch:
    return Patch(
        number=number,
        subject=subject,
        author=Person(name="Ada", email="ada@example.org"),
        date="",
        message_id=f"{number}@example.org",
        body=body,
        diff=diff,
        files=tuple(item.change for item in read_diff(diff)),
        raw=b"",
        source="x",
        total=2,
    )


def make(*patches: Patch, version: int = 1) -> Series:
    return Series(name="frob", version=version, total=len(patches), cover=None, patches=patches)


TURN = patch(1, "frob: Turn it", new_file("frob.c", CODE))
DOC = patch(2, "frob: Say so", new_file("Documentation/frob.rst", PROSE))
OLD = make(TURN, DOC)


def review(quoted: Patch, below: str, words: str = "Why?", headers: str = "") -> ReviewMail:
    """A reply that quotes the whole patch and comments below the line that holds ``below``."""
    lines: list[str] = []
    for line in f"{quoted.body}---\n{quoted.diff}".split("\n"):
        lines.append(f"> {line}")
        if below in line:
            lines += ["", words, ""]
    head = headers or f"In-Reply-To: <{quoted.message_id}>\n"
    text = f"From: R <r@example.org>\nSubject: Re: [PATCH {quoted.number}/2] {quoted.subject}\n{head}\n"
    return read_review((text + "\n".join(lines)).encode(), "m")


def state(quoted: Patch, below: str, *new: Patch) -> AnsweredComment:
    series = make(*new, version=2)
    (found,) = answers([review(quoted, below)], OLD, match(OLD, series))
    return found


def code(old: str, new: str | None) -> Patch:
    """The first patch with ``old`` replaced, or without the line that holds it."""
    lines = [line.replace(old, new or "") for line in CODE if new or old not in line]
    return patch(1, "frob: Turn it", new_file("frob.c", lines))


def test_untouched_also_where_the_line_number_shifted() -> None:
    more = patch(1, "frob: Turn it", new_file("frob.c", ["/* Turn. */", *CODE]))
    found = state(TURN, "wait_for_it", more, DOC)
    assert (found.answer, found.now) == (Answer.UNTOUCHED, "frob.c:7")
    assert found.anchor
    assert (found.anchor.path, found.anchor.line, found.anchor.exact) == ("frob.c", 6, True)
    assert found.answer.is_open


def test_changed_shows_what_stands_there_now() -> None:
    found = state(TURN, "wait_for_it", code("wait_for_it()", "wait_for_it_long()"), DOC)
    assert (found.answer, found.now) == (Answer.CHANGED, "frob.c:6")
    assert found.now_text == ("+\twait_for_it_long();",)
    assert not found.answer.is_open


def test_gone() -> None:
    assert state(TURN, "wait_for_it", code("wait_for_it", None), DOC).answer is Answer.GONE
    elsewhere = patch(1, "frob: Turn it", new_file("other.c", CODE))
    found = state(TURN, "wait_for_it", elsewhere, DOC)
    assert (found.answer, found.reason) == (Answer.GONE, "the patch no longer touches this file")


def test_moved_in_the_file_or_to_another_patch() -> None:
    lines = [line for line in CODE if "start(" not in line]
    lines.insert(6, "\tstart(turns);")
    found = state(TURN, "start(", patch(1, "frob: Turn it", new_file("frob.c", lines)), DOC)
    assert (found.answer, found.now) == (Answer.MOVED, "frob.c:7")
    found = state(
        TURN, "start(", DOC, patch(3, "something else", TURN.diff.replace("\tint turns = 0;", "\tx;"))
    )
    # Taken as the same patch by its lines: nothing moved.
    assert found.answer is Answer.UNTOUCHED
    merged = patch(2, "frob: Say so", DOC.diff + TURN.diff)
    found = state(TURN, "start(", merged)
    assert (found.answer, found.now) == (Answer.MOVED, "frob.c:5")
    assert "patch 2/2" in found.reason


def test_patch_gone() -> None:
    assert state(TURN, "start(", DOC).answer is Answer.PATCH_GONE
    assert state(TURN, "nobody turns rusts", DOC).answer is Answer.PATCH_GONE


def test_prose_is_judged_by_the_paragraph() -> None:
    below = "stands again"
    assert state(DOC, below, TURN, DOC).answer is Answer.UNTOUCHED
    reflowed = [
        *PROSE[:3],
        "Call it to turn the spindle once.",
        "It waits until the spindle stands again.",
        "",
    ]
    again = patch(2, "frob: Say so", new_file("Documentation/frob.rst", reflowed))
    assert state(DOC, below, TURN, again).answer is Answer.UNTOUCHED
    other = [*PROSE[:3], "Call it to turn the spindle twice.  It waits", PROSE[4], ""]
    found = state(DOC, below, TURN, patch(2, "frob: Say so", new_file("Documentation/frob.rst", other)))
    assert found.answer is Answer.CHANGED
    short = patch(2, "frob: Say so", new_file("Documentation/frob.rst", PROSE[:3]))
    assert state(DOC, below, TURN, short).answer is Answer.GONE


def test_commit_message() -> None:
    found = state(TURN, "nobody turns rusts", TURN, DOC)
    assert (found.answer, found.now) == (Answer.UNTOUCHED, "message:4")
    assert found.anchor
    assert (found.anchor.region.value, found.anchor.line) == ("message", 4)
    reworded = replace(TURN, body=BODY.replace("for all this", "behind it"))
    found = state(TURN, "nobody turns rusts", reworded, DOC)
    assert (found.answer, found.now) == (Answer.CHANGED, "message:4")
    assert "behind it" in found.now_text[0]
    shorter = replace(TURN, body="Turn it.\n\nSigned-off-by: Ada Author <ada@example.org>\n")
    assert state(TURN, "nobody turns rusts", shorter, DOC).answer is Answer.GONE


def test_quoted_text_that_the_older_version_lacks_is_no_answer() -> None:
    theirs = replace(TURN, body="Quite another text.\n", diff=new_file("frob.c", ["\tspin();"]))
    for below in ("Quite another", "spin()"):
        found = state(theirs, below, TURN, DOC)
        assert found.answer is Answer.UNKNOWN
        assert "older version" in found.reason
        assert found.answer.is_open


def test_a_quote_without_any_header_is_found_in_the_diff() -> None:
    raw = b"From: R <r@x>\nSubject: Re: [PATCH 1/2] frob: Turn it\n\n> +\tstart(turns);\n\nWhy?\n"
    (found,) = answers([read_review(raw, "m")], OLD, match(OLD, OLD))
    assert found.anchor
    assert (found.anchor.path, found.anchor.line, found.answer) == ("frob.c", 5, Answer.UNTOUCHED)


@pytest.mark.parametrize(
    ("headers", "number"),
    [
        ("In-Reply-To: <2@example.org>\n", 2),
        ("In-Reply-To: <other@x>\nReferences: <c@x> <2@example.org> <other@x>\n", 2),
        ("X: none\n", 1),
    ],
)
def test_tied_by_message_id_before_the_subject(headers: str, number: int) -> None:
    (found,) = answers([review(TURN, "start(", headers=headers)], OLD, match(OLD, OLD))
    assert found.patch
    assert found.patch.number == number


def test_tied_by_number_when_the_subject_changed_and_by_nothing_else() -> None:
    def about(subject: str) -> Patch | None:
        raw = f"From: R <r@x>\nSubject: {subject}\n\nHm.\n".encode()
        (found,) = answers([read_review(raw, "m")], OLD, match(OLD, OLD))
        return found.patch

    assert about("Re: [PATCH 2/2] renamed") is DOC
    assert about("Re: [PATCH v7 2/2] renamed") is None
    assert about("Re: frob: Turn it") is TURN
    assert about("Re: something else") is None


def test_general_comments_have_no_state() -> None:
    raw = b"From: R <r@x>\nSubject: Re: [PATCH 1/2] frob: Turn it\n\nNice.\n"
    (found,) = answers([read_review(raw, "m")], OLD, match(OLD, OLD))
    assert (found.answer, found.answer.is_open) == (Answer.GENERAL, False)


def test_offered_trailers_are_looked_for() -> None:
    tag = "Reviewed-by: R <r@example.org>"
    given = review(TURN, "start(", words=tag)
    assert given.comments == ()
    assert given.trailers == (tag,)
    (missing,) = offered([given], OLD, match(OLD, OLD))
    assert missing.missing == (1,)
    taken = make(replace(TURN, body=f"{BODY}{tag}\n"), DOC, version=2)
    assert offered([given], OLD, match(OLD, taken))[0].missing == ()


def test_of_a_paragraph_in_part_the_new_part_is_shown() -> None:
    other = [*PROSE[:3], PROSE[3], "for ever.", ""]
    found = state(
        DOC, "stands again", TURN, patch(2, "frob: Say so", new_file("Documentation/frob.rst", other))
    )
    assert (found.answer, found.now, found.now_text) == (
        Answer.CHANGED,
        "Documentation/frob.rst:5",
        ("+for ever.",),
    )


def test_cover_letter() -> None:
    cover = replace(patch(0, "frob: All of it", "", body="About spindles.\n\nIt turns them.\n"), files=())
    raw = b"From: R <r@x>\nSubject: Re: [PATCH 0/2] frob: All of it\n\n> It turns them.\n\nOh?\n"
    old, new = (
        replace(OLD, cover=cover),
        replace(OLD, cover=replace(cover, body="About spindles.\n"), version=2),
    )
    (same,) = answers([read_review(raw, "m")], old, match(old, old))
    assert (same.answer, same.now) == (Answer.UNTOUCHED, "message:3")
    (gone,) = answers([read_review(raw, "m")], old, match(old, new))
    assert gone.answer is Answer.GONE


def test_many_lines_are_compared_in_reasonable_steps() -> None:
    many = [f"\tcall_{number}();" for number in range(6000)]
    old = make(patch(1, "frob: Turn it", new_file("frob.c", many)))
    new = make(patch(1, "frob: Turn it", new_file("frob.c", [*many[:10], "\tnew();", *many[10:]])), version=2)
    raw = b"From: R <r@x>\nSubject: Re: [PATCH 1/1] frob: Turn it\n\n> +\tcall_5000();\n\nWhy?\n"
    (found,) = answers([read_review(raw, "m")], old, match(old, new))
    assert (found.answer, found.now) == (Answer.UNTOUCHED, "frob.c:5002")
