# SPDX-License-Identifier: GPL-2.0-only
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.errors import UserError
from kpatch_tools.parse.mail import Envelope, read_envelope
from kpatch_tools.parse.thread import Choice, chosen, postings, read_choice


def envelope(subject: str, mid: str = "", reply: str = "") -> Envelope:
    headers = f"Subject: {subject}\nFrom: a@b\n"
    headers += f"Message-ID: <{mid}>\n" if mid else ""
    headers += f"In-Reply-To: <{reply}>\n" if reply else ""
    return read_envelope(f"{headers}\n".encode(), "m")


@pytest.mark.parametrize(
    ("word", "choice"),
    [
        ("v2", Choice(version=2)),
        ("v1+v2", Choice(version=2, onto=1)),
        ("<a@b>", Choice(message_id="a@b")),
        ("a@b", Choice(message_id="a@b")),
    ],
)
def test_choices(word: str, choice: Choice) -> None:
    assert read_choice(word) == choice


@pytest.mark.parametrize("word", ["", "2", "v", "v99999", "a b@c", "a@b@c"])
def test_words_that_choose_nothing(word: str) -> None:
    with pytest.raises(UserError, match="names no version and no mail"):
        read_choice(word)


def test_shallow_threads_without_cover() -> None:
    mails = [
        envelope("[PATCH 1/2] one", "a1@x"),
        envelope("[PATCH 2/2] two", "a2@x", "a1@x"),
        envelope("[PATCH 1/2] uno", "b1@x"),
        envelope("[PATCH 2/2] dos", "b2@x", "b1@x"),
    ]
    found = postings(mails)
    assert [[mail.message_id for mail in item.mails] for item in found] == [
        ["a1@x", "a2@x"],
        ["b1@x", "b2@x"],
    ]
    assert found[0].whole
    assert chosen(found, Choice(message_id="b2@x")) == found[1]


def test_mails_that_answer_each_other_end() -> None:
    mails = [envelope("[PATCH 1/2] a", "a@x", "b@x"), envelope("[PATCH 2/2] b", "b@x", "a@x")]
    assert sum(len(item.mails) for item in postings(mails)) == 2


IDS = st.sampled_from(["", "a@x", "b@x", "c@x"])
SUBJECTS = st.sampled_from(
    ["[PATCH 0/2] c", "[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH v2 1/2] a", "[PATCH v2 0/2] c", "[PATCH] x",
     "x", "[PATCH 999999/999999] far"]
)  # fmt: skip


@given(
    st.lists(st.builds(envelope, SUBJECTS, IDS, IDS), max_size=8), IDS, st.integers(0, 3), st.integers(0, 3)
)
def test_any_thread_keeps_each_mail_once(mails: list[Envelope], mid: str, version: int, onto: int) -> None:
    found = postings(mails)
    kept = [id(mail) for item in found for mail in (*item.mails, *item.rerolled)]
    assert sorted(kept) == sorted(map(id, mails))
    with contextlib.suppress(UserError):
        chosen(found, Choice(version=version, message_id=mid, onto=onto))
