# SPDX-License-Identifier: GPL-2.0-only
"""The stand-in for lore answers as public-inbox does, dates included."""

import pytest

from tests.lore import Lore, matches, patch_id

FIRST = (
    "From: A B <a@example.org>\nSubject: =?utf-8?q?=5BPATCH_1/1=5D_t=C3=B6pic?=\nMessage-ID: <1@x>\n"
    "Date: Mon, 1 Jan 2024 23:30:00 -0200\n\nwhy\nchange-id: abc\n> change-id: quoted\n---\n"
    "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
)
ANSWER = (
    "From: C <c@example.org>\nSubject: Re: other\nMessage-ID: <2@x>\nIn-Reply-To: <1@x>\n"
    "Date: Fri, 5 Jan 2024 10:00:00 +0000\n\nFrom here on\n"
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('(nq:"change-id: abc") AND d:20240101..', True),
        ('nq:"change-id: quoted"', False),
        ('(s:"t\u00f6pic" AND f:"a@example.org") AND d:20230101..20240101', False),
        ("d:20240102..20240102", True),
        ("d:..20240101", False),
        ("m:2@x OR m:1@x", True),
        ("patchid:000 OR patchid:111", False),
    ],
)
def test_queries(query: str, expected: bool) -> None:
    lore = Lore()
    lore.add(FIRST)
    assert matches(lore.mails[0], query) is expected


def test_threads_and_what_is_not_there() -> None:
    lore = Lore()
    lore.add(FIRST, ANSWER)
    assert len(lore.thread([lore.mails[1]])) == 2
    assert matches(lore.mails[0], f"patchid:{patch_id(lore.mails[0].raw)}")
    assert lore.get("/all/2@x/raw")[1].startswith(b"From: C")
    assert lore.get("/all/none@x/t.mbox.gz")[0] == 404
    assert lore.post("/all/?x=m&t=1&q=m:2@x", "")[0] == 200
    assert lore.post("/all/?x=m&q=m:3@x", "")[0] == 404
    assert lore.post("/all/?x=m&q=tag:y", "")[0] == 400
