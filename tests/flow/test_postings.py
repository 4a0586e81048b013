# SPDX-License-Identifier: GPL-2.0-only
"""Several series in one mailbox, partial rerolls, and mails that a mail program damaged."""

import json
from pathlib import Path

import pytest

from kpatch_tools.checks.series import completeness
from kpatch_tools.errors import UserError
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.series import ApplyState, Series
from kpatch_tools.render import series as render


def mail(subject: str, mid: str, *, reply: str = "", new: str | None = "b", more: str = "") -> str:
    thread = f"In-Reply-To: <{reply}>\nReferences: <{reply}>\n" if reply else ""
    diff = f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+{new}\n" if new else ""
    return (
        f"From 1234 Mon Sep 17 00:00:00 2001\nFrom: A B <a@b>\nMessage-ID: <{mid}>\n{thread}{more}"
        f"Date: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: {subject}\n\nwhy\n---\n{diff}-- \n2.39\n\n"
    )


def whole(tag: str, key: str, count: int = 2, *, reply: str = "", threaded: bool = True) -> list[str]:
    """A posting of ``count`` patches with a cover; its Message-IDs are key0@x, key1@x, ..."""
    cover = f"{key}0@x"
    mails = [mail(f"[{tag} 0/{count}] topic {key[0]}", cover, reply=reply, new=None)]
    return mails + [
        mail(
            f"[{tag} {at}/{count}] step {at}",
            f"{key}{at}@x",
            reply=cover if threaded else "",
            new=f"{key}{at}",
        )
        for at in range(1, count + 1)
    ]


def box(tmp_path: Path, mails: list[str]) -> str:
    path = tmp_path / "box.mbox"
    path.write_text("".join(mails))
    return str(path)


def state(series: Series) -> ApplyState | None:
    fault = completeness(series)
    return fault[0] if fault else None


@pytest.mark.parametrize("threaded", [True, False])
def test_two_versions_are_listed_and_one_is_chosen(tmp_path: Path, threaded: bool) -> None:
    spec = box(
        tmp_path, whole("PATCH", "a", threaded=threaded) + whole("PATCH v2", "b", 3, threaded=threaded)
    )
    both = load_series(spec)
    fault = completeness(both)
    assert fault is not None
    assert fault[0] is ApplyState.SEVERAL
    assert both.rivals == ("v1 'topic a', 2 patches <a0@x>", "v2 'topic b', 3 patches <b0@x>")
    assert "FILE@v2" in fault[1]
    assert "  v2 'topic b', 3 patches <b0@x>\n" in render.text(both, fault)
    assert json.loads(render.as_json(both, fault, tool="t"))["several"] == list(both.rivals)
    for choice, first in (("v1", "a1@x"), ("v2", "b1@x"), ("b3@x", "b1@x"), ("<a0@x>", "a1@x")):
        one = load_series(f"{spec}@{choice}")
        assert one.patches[0].message_id == first
        assert state(one) is None
    assert load_series(spec, version=2).message_id == "b0@x"
    assert any("not this one: v1" in note for note in load_series(spec, version=2).notes)


def test_two_series_of_one_version(tmp_path: Path) -> None:
    spec = box(tmp_path, whole("PATCH", "a") + whole("PATCH", "c"))
    assert state(load_series(spec)) is ApplyState.SEVERAL
    assert load_series(f"{spec}@c2@x").message_id == "c0@x"
    with pytest.raises(UserError, match="v1 is there 2 times"):
        load_series(f"{spec}@v1")


def test_covers_are_not_needed_to_tell_them_apart(tmp_path: Path) -> None:
    mails = whole("PATCH", "a", 2, threaded=False)[1:] + whole("PATCH", "c", 3, threaded=False)[1:]
    assert len(load_series(box(tmp_path, mails)).rivals) == 2
    # One of them incomplete: then the numbers may as well be wrong.
    assert state(load_series(box(tmp_path, mails[:-1]))) is ApplyState.BAD_COUNT


@pytest.mark.parametrize("choice", ["v3", "none@x", "latest", "v1+v3", ""])
def test_choices_that_fit_nothing(tmp_path: Path, choice: str) -> None:
    spec = box(tmp_path, whole("PATCH", "a") + whole("PATCH v2", "b"))
    with pytest.raises(UserError):
        load_series(f"{spec}@{choice}")


def test_a_file_whose_name_holds_an_at(tmp_path: Path) -> None:
    spec = box(tmp_path, whole("PATCH", "a"))
    odd = tmp_path / "box@v2.mbox"
    Path(spec).rename(odd)
    assert state(load_series(str(odd))) is None
    assert state(load_series(f"{odd}@v1")) is None


def test_a_whole_series_sent_again_is_one(tmp_path: Path) -> None:
    again = [text.replace("@x>", ".2@x>") for text in whole("PATCH RESEND", "a")]
    loaded = load_series(box(tmp_path, whole("PATCH", "a") + again))
    assert state(loaded) is None
    assert [patch.message_id for patch in loaded.patches] == ["a1.2@x", "a2.2@x"]


def test_a_partial_reroll_is_rebuilt_and_said(tmp_path: Path) -> None:
    spec = box(
        tmp_path, [*whole("PATCH", "a", 3), mail("[PATCH v2 2/3] step 2", "n@x", reply="a2@x", new="new")]
    )
    loaded = load_series(spec)
    assert state(loaded) is None
    assert [patch.message_id for patch in loaded.patches] == ["a1@x", "n@x", "a3@x"]
    assert loaded.version == 2
    assert "v2 is a partial reroll: 2/3 is new, the rest is of v1" in loaded.notes
    assert load_series(f"{spec}@v1").patches[1].message_id == "a2@x"


def test_a_partial_reroll_may_answer_the_review(tmp_path: Path) -> None:
    review = mail("Re: [PATCH 2/3] step 2", "r@x", reply="a2@x", new=None)
    new = mail("[PATCH v2 2/3] step 2", "n@x", reply="r@x", new="new")
    new = new.replace("References: <r@x>", "References: <a0@x> <a2@x> <r@x>")
    loaded = load_series(box(tmp_path, [*whole("PATCH", "a", 3), review, new]))
    assert [patch.message_id for patch in loaded.patches] == ["a1@x", "n@x", "a3@x"]


def test_a_reroll_in_reply_to_the_cover_is_offered(tmp_path: Path) -> None:
    spec = box(
        tmp_path, [*whole("PATCH", "a", 3), mail("[PATCH v2 2/3] step 2", "n@x", reply="a0@x", new="new")]
    )
    assert state(load_series(spec)) is ApplyState.SEVERAL
    alone = completeness(load_series(f"{spec}@v2"))
    assert alone is not None
    assert alone[0] is ApplyState.INCOMPLETE
    assert any("@v1+v2" in note for note in load_series(f"{spec}@v2").notes)
    joined = load_series(f"{spec}@v1+v2")
    assert state(joined) is None
    assert [patch.message_id for patch in joined.patches] == ["a1@x", "n@x", "a3@x"]


def test_a_suggestion_without_number_is_left_out(tmp_path: Path) -> None:
    spec = box(tmp_path, [*whole("PATCH", "a"), mail("[PATCH] like this?", "s@x", reply="a1@x", new="other")])
    loaded = load_series(spec)
    assert state(loaded) is None
    assert loaded.notes == ("1 mails of the thread are no patches and were left out",)


def test_a_cover_alone(tmp_path: Path) -> None:
    fault = completeness(load_series(box(tmp_path, whole("PATCH", "a", 3)[:1])))
    assert fault == (
        ApplyState.COVER_ONLY,
        "the input holds a cover letter and no patch of the 3 that it announces",
    )


def test_format_flowed_is_said(tmp_path: Path) -> None:
    flowed = "Content-Type: text/plain; charset=utf-8; format=flowed\n"
    loaded = load_series(box(tmp_path, [mail("[PATCH] one", "f@x", more=flowed)]))
    assert any("format=flowed" in note for note in loaded.notes)
    assert not load_series(box(tmp_path, [mail("[PATCH] one", "f@x")])).notes
    broken = mail("[PATCH] one", "f@x", more=flowed).replace("-a\n", "-\na\n")
    with pytest.raises(UserError, match="sent as format=flowed, which breaks long lines"):
        load_series(box(tmp_path, [broken]))


def test_quoted_printable_that_nobody_declared(tmp_path: Path) -> None:
    text = mail("[PATCH] one", "q@x", new="int a =3D 1;")
    fault = completeness(load_series(box(tmp_path, [text])))
    assert fault is not None
    assert fault[0] is ApplyState.DAMAGED
    declared = "Content-Transfer-Encoding: quoted-printable\n"
    good = load_series(box(tmp_path, [mail("[PATCH] one", "q@x", new="int a =3D 1;", more=declared)]))
    assert state(good) is None
    assert "+int a = 1;" in good.patches[0].diff
    mixed = load_series(box(tmp_path, [mail("[PATCH] one", "q@x", new="x == 0 || y =3D 1")]))
    assert state(mixed) is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("@@ -1 +1 @@\n-a\n+b\n-- \n2.39\n", "@@ -1,4 +1,4 @@\n one\n-a\n+b\n tw", "it was cut off"),
        ("@@ -1 +1 @@\n-a\n", "@@ -1,3 +1,3 @@\n one two\nthree\n four\n-a\n", "lines were broken in two"),
    ],
)
def test_other_damage_is_explained(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = mail("[PATCH] one", "d@x")
    assert old in text
    with pytest.raises(UserError, match=words):
        load_series(box(tmp_path, [text.replace(old, new).rstrip("\n")]))
