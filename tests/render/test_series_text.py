# SPDX-License-Identifier: GPL-2.0-only
import json

from kpatch_tools.model.series import Applied, ApplyState, Conflict, FileChange, Patch, Person, Series
from kpatch_tools.render import applied as applied_render
from kpatch_tools.render import series as series_render

HOSTILE = "\x1b]0;owned\x07 \u202egnp.exe\nnext line"


def patch(number: int, subject: str = "kvm: x", *, path: str = "mm/a.c") -> Patch:
    return Patch(
        number=number,
        subject=subject,
        author=Person(name=HOSTILE, email="a@b"),
        date="",
        message_id=f"{number}@x",
        body="",
        diff="",
        files=(
            FileChange(path=path, old_path="old.c", status="R", added=2, removed=1),
            FileChange(path="logo", old_path="logo", status="M", binary=True),
        ),
        raw=b"",
        source="x",
        total=2,
    )


SERIES = Series(
    name="topic",
    version=3,
    total=2,
    cover=None,
    patches=(patch(1, HOSTILE), patch(2, path="mm/\udcff\x1b.c")),
    notes=("a note",),
    base_commit="b" * 40,
    prerequisites=("c" * 40,),
)
DONE = Applied(state=ApplyState.APPLIED, base="1" * 40, commits=("1" * 40, "2" * 40), tree="3" * 40)
STUCK = Applied(
    state=ApplyState.CONFLICT,
    base="1" * 40,
    reason="patch 2/2 does not apply",
    conflict=Conflict(
        patch=2, subject=HOSTILE, path="mm/a.c", line=7, hunk="@@ -7 +7 @@", detail="error: a\nerror: b"
    ),
)


def no_controls(text: str) -> bool:
    return all(char == "\n" or (char.isprintable() and char not in "\u202e") for char in text)


def test_hostile_words_are_escaped_everywhere() -> None:
    for text in (
        series_render.text(SERIES, None),
        applied_render.text(DONE, SERIES),
        applied_render.text(STUCK, SERIES),
    ):
        assert no_controls(text)
        assert "\\x1b]0;owned" in text


def test_series_text_says_what_is_in_it() -> None:
    text = series_render.text(SERIES, None)
    assert "2 of 2, complete" in text
    assert "R    old.c -> mm/a.c  +2 -1" in text
    assert "M    logo  binary" in text
    assert "patch-id " + "c" * 40 in text
    fault = (ApplyState.INCOMPLETE, "1 of 3 patches missing: 3/3")
    assert "incomplete: 1 of 3 patches missing: 3/3" in series_render.text(SERIES, fault)


def test_series_json() -> None:
    fault = (ApplyState.BAD_COUNT, "why")
    document = json.loads(series_render.as_json(SERIES, fault, tool="kvet 0"))
    assert (document["schema"], document["complete"], document["state"]) == (1, False, "bad-count")
    assert document["patches"][0]["files"][1]["binary"] is True
    assert document["cover"] is None


def test_applied_text() -> None:
    text = applied_render.text(DONE, SERIES)
    assert text.startswith("topic v3: applied to 111111111111\n")
    assert "1/2  in the base" in text
    assert "2/2  222222222222  kvm: x" in text
    stuck = applied_render.text(STUCK, SERIES).splitlines()
    assert stuck[0] == "topic v3: conflict: patch 2/2 does not apply"
    assert "  file   mm/a.c:7" in stuck
    assert stuck[-2:] == ["  git    error: a", "  git    error: b"]


def test_applied_json() -> None:
    document = json.loads(applied_render.as_json(DONE, SERIES, tool="kvet 0", path="/t", store="/s"))
    assert document["state"] == "applied"
    assert document["commits"] == list(DONE.commits)
    assert (document["tree"], document["head"], document["store"], document["branch"]) == (
        "3" * 40,
        "2" * 40,
        "/s",
        None,
    )
    stuck = json.loads(applied_render.as_json(STUCK, SERIES, tool="kvet 0", path="/t"))
    assert (stuck["head"], stuck["tree"], stuck["commits"]) == (None, None, [])
    assert stuck["conflict"]["line"] == 7
