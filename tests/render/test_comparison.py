# SPDX-License-Identifier: GPL-2.0-only
import json

import jsonschema

from kpatch_tools.model.comparison import (
    Anchor,
    Answer,
    AnsweredComment,
    Change,
    Comment,
    Comparison,
    FileDelta,
    FileState,
    OfferedTrailer,
    PatchPair,
    Region,
    ReviewMail,
)
from kpatch_tools.model.series import Patch, Person, Series
from kpatch_tools.render import comparison as render
from kpatch_tools.render import comparison_json
from kpatch_tools.render.columns import WIDTH, width

HOSTILE = "\x1b]0;owned\x07\u202ex\udcff"


def patch(number: int, subject: str) -> Patch:
    return Patch(
        number=number, subject=subject, author=Person(name=HOSTILE, email="a@b"), date="", message_id="i@x",
        body="", diff="", files=(), raw=b"", source="x", total=2,
    )  # fmt: skip


def series(version: int) -> Series:
    return Series(name=f"frob{HOSTILE}", version=version, total=2, cover=None, patches=(patch(1, "a"),))


MAIL = ReviewMail(
    author=HOSTILE, date=HOSTILE, subject="a", version=1, number=1, is_reply=True, message_id="", parents=(),
    comments=(), trailers=(), source="m",
)  # fmt: skip
FILE = FileDelta(path=f"a.c{HOSTILE}", state=FileState.CHANGED, old=(1, 2), new=(3, 4))


def comment(answer: Answer, region: Region | None, *, exact: bool = True, mark: str = "+") -> AnsweredComment:
    block = tuple(f"line {number}{HOSTILE}" for number in range(6))
    anchor = (
        Anchor(region=region, text=block[-1], path="a.c", line=7, mark=mark, block=block, exact=exact)
        if region
        else None
    )
    return AnsweredComment(
        mail=MAIL, comment=Comment(text=f"Why?{HOSTILE}\nSo.", mail_line=3, anchor=anchor),
        patch=patch(1, "a"), anchor=anchor, answer=answer, reason=HOSTILE,
        now="a.c:9", now_text=(HOSTILE,) * 9,
    )  # fmt: skip


ALONE = (Change.UNCHANGED, Change.ADDED, Change.DROPPED)
WHOLE = Comparison(
    old=series(1),
    new=series(2),
    pairs=(
        PatchPair(old=patch(0, "c"), new=patch(0, "c"), by="subject", changes=(Change.UNCHANGED,)),
        PatchPair(
            old=patch(1, f"was{HOSTILE}"), new=patch(2, f"is{HOSTILE}"), by="similarity",
            changes=tuple(change for change in Change if change not in ALONE), files=(FILE,),
            gained=(f"Acked-by: {HOSTILE}",), lost=(f"Cc: {HOSTILE}",), delta=f"-{HOSTILE}\n+x",
        ),
        PatchPair(old=patch(2, "gone"), new=None, changes=(Change.DROPPED,)),
        PatchPair(old=patch(2, "m"), new=patch(3, "m"), by="subject", changes=(Change.MESSAGE,), delta="-m"),
        PatchPair(old=patch(2, "t"), new=patch(3, "t"), by="subject", changes=(Change.TRAILERS,)),
    ),
    files=(FILE,),
    method=HOSTILE,
    notes=(HOSTILE,),
    comments=(
        comment(Answer.CHANGED, Region.DIFF),
        comment(Answer.GONE, Region.DIFF, exact=False, mark="-"),
        comment(Answer.UNTOUCHED, Region.MESSAGE),
        comment(Answer.UNKNOWN, Region.NOTES),
        comment(Answer.GENERAL, None),
    ),
    offered=(OfferedTrailer(trailer=f"Acked-by: {HOSTILE}", patch=1, missing=(2,)),),
)  # fmt: skip


def test_hostile_words_are_escaped_everywhere() -> None:
    shown = render.text(WHOLE)
    assert all(char == "\n" or (char.isprintable() and char != "\u202e") for char in shown)
    assert shown.count("\\x1b]0;owned") > 20


def test_each_change_has_its_words() -> None:
    shown = render.text(WHOLE)
    for words in (
        "0 -> 0  unchanged",
        "1 -> 2  moved, renamed, changed",
        "paired   by similarity",
        "+1 -2 -> +3 -4",
        "message  changed",
        "trailer  + Acked-by",
        "trailer  - Cc",
        "2 -> -  dropped",
        "message only",
        "trailers only",
        "in another order",
        "1 file is changed differently",
    ):
        assert words in shown
    assert "| -m" in shown
    assert "| -m" not in render.text(WHOLE, summary=True)


def test_comments_stand_at_their_places() -> None:
    shown = render.text(WHOLE)
    assert "5 comments on v1: 1 line gone, 1 changed, 1 untouched, 1 not comparable, 1 general" in shown
    assert "  a.c:7: changed (now line 9)" in shown
    assert "  a.c:~7 (removed line): the line is gone" in shown
    assert "  commit message, line 7: untouched" in shown
    assert "  below ---: cannot be compared" in shown
    assert "missing in 2" in shown
    assert "comments" not in render.text(
        Comparison(old=series(1), new=series(2), pairs=(), files=(), method="text")
    )


def test_json_fits_its_schema() -> None:
    text = comparison_json.as_json(WHOLE, tool="kvet 0")
    document = json.loads(text)
    jsonschema.validate(document, comparison_json.json_schema())
    assert (document["schema"], document["old"]["version"], document["new"]["version"]) == (1, 1, 2)
    assert document["patches"][2]["new"] is None
    first = document["comments"][0]
    assert (first["state"], first["path"], first["line"], first["now"]) == ("changed", "a.c", 7, "a.c:9")
    assert document["comments"][4]["region"] == ""
    assert document["offered_trailers"][0]["missing_in"] == [2]
    alone = Comparison(old=series(1), new=series(2), pairs=(), files=(), method="text")
    assert json.loads(comparison_json.as_json(alone, tool="kvet 0"))["comments"] is None


def test_wide_characters_fit_too() -> None:
    wide = "\u4e2d " * 90
    pair = PatchPair(
        old=patch(1, wide),
        new=patch(1, wide),
        by="subject",
        changes=(Change.FILES,),
        delta=f"-{wide}\n+{wide}",
    )
    shown = render.text(Comparison(old=series(1), new=series(2), pairs=(pair,), files=(), method="text"))
    assert "    | -\u4e2d" in shown
    assert max(width(line) for line in shown.splitlines()) <= WIDTH
