# SPDX-License-Identifier: GPL-2.0-only
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.errors import UserError
from kpatch_tools.model.series import Person
from kpatch_tools.parse.mail import read_envelope, read_mailinfo, recorded_base

HEADERS = st.sampled_from(
    [b"Subject", b"From", b"Message-ID", b"In-Reply-To", b"References", b"Date", b"Content-Type"]
)
VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"=?utf-8?q?[PATCH_1/2]_=C3=A4?=",
            b"=?utf-8?b?!!!?=",
            b"=?nonsense?q?x?=",
            b"=?utf-8?q?=FF=FE?=",
            b"=?utf-16?b?AAA=?= =?utf-8?q?",
            b"<a@b>",
            b"<" * 50,
            b'"a"@[',
        ]
    ),
)


def mail(**headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items()]
    return "".join([*lines, "\n", "text\n"]).encode()


def test_headers_that_place_a_mail() -> None:
    raw = mail(
        Subject="[PATCH v2 1/3] a",
        From="A <a@example.org>",
        Message_ID=" <1@example.org>",
        In_Reply_To="<0@example.org> (by whoever)",
        References="<r@example.org>\n\t<0@example.org>",
        Date="Mon, 1 Jan 2024 00:00:00 +0000",
    )
    envelope = read_envelope(raw, "x.mbox: mail 3")
    assert envelope.subject.number == 1
    assert envelope.message_id == "1@example.org"
    assert envelope.in_reply_to == "0@example.org"
    assert envelope.references == ("r@example.org", "0@example.org")
    assert envelope.source == "x.mbox: mail 3"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (b"=?utf-8?q?[PATCH_1/2]_=C3=A4?=", "\u00e4"),
        (b"=?utf-8?b?W1BBVENIIDEvMl0gw6Q=?=", "\u00e4"),
        ("[PATCH 1/2] \u00e4".encode(), "\u00e4"),
        ("[PATCH 1/2] \u00e4".encode("latin-1"), "\u00e4"),
        (b"[PATCH 1/2] =?no-such-charset?q?x?=", "=?no-such-charset?q?x?="),
    ],
)
def test_encoded_subjects(subject: bytes, text: str) -> None:
    found = read_envelope(b"Subject: " + subject + b"\nFrom: a@b\n\n", "m").subject
    assert (found.number, found.text) == (1, text)


def test_what_is_no_mail_is_refused() -> None:
    with pytest.raises(UserError, match="neither a Subject nor a From"):
        read_envelope(b"diff --git a/x b/x\n", "m")
    with pytest.raises(UserError, match="NUL byte at offset 9"):
        read_envelope(b"Subject: \0\n\n", "m")


def test_mailinfo_output() -> None:
    info = b"Author: \xc3\x84 B\nEmail: a@b\nSubject: one\nSubject: two\nDate: today\n\n"
    read = read_mailinfo(info, b"body\n", b"diff \xff\n", "m")
    assert read.subject == "one\ntwo"
    assert read.author == Person(name="\u00c4 B", email="a@b")
    assert (read.date, read.body) == ("today", "body\n")
    assert read.diff.encode("utf-8", "surrogateescape") == b"diff \xff\n"


def test_nul_hidden_by_a_transfer_encoding_is_refused() -> None:
    with pytest.raises(UserError, match="NUL"):
        read_mailinfo(b"Subject: s\n", b"a\0b", b"", "m")


def test_recorded_base() -> None:
    raw = b"x\nbase-commit: " + b"a" * 40 + b"\r\nprerequisite-patch-id: " + b"b" * 40 + b"\n-- \n"
    assert recorded_base(raw) == ("a" * 40, ("b" * 40,))
    assert recorded_base(b" base-commit: abc\n> base-commit: " + b"a" * 40) == ("", ())


@given(st.lists(st.tuples(HEADERS, VALUES), max_size=6), st.binary(max_size=100))
def test_hostile_mails_end_in_a_value_or_a_user_error(
    headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    raw = b"".join(name + b": " + value + b"\n" for name, value in headers) + b"\n" + body
    with contextlib.suppress(UserError):
        read_envelope(raw, "m")
    recorded_base(raw)


@given(st.binary(max_size=200), st.binary(max_size=50), st.binary(max_size=50))
def test_any_mailinfo_output(info: bytes, message: bytes, diff: bytes) -> None:
    with contextlib.suppress(UserError):
        assert read_mailinfo(info, message, diff, "m").diff.encode("utf-8", "surrogateescape") == diff
