# SPDX-License-Identifier: GPL-2.0-only
"""Mails as programs read them: Python's parser in both of its forms, and nothing that breaks out."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kpatch_tools.model.reply import Reply
from kpatch_tools.model.series import Person
from kpatch_tools.parse.correspondents import read_correspondents
from kpatch_tools.render.escape import mail_line, mail_words, terminal
from kpatch_tools.render.mail import is_id, render

NAMES = [
    "From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version",
    "Content-Type", "Content-Transfer-Encoding",
]  # fmt: skip
REPLY = Reply(
    sender=Person(name="Ann User", email="ann@example.org"),
    to=(Person(name="Tess Ter", email="tess@example.org"),),
    cc=(Person(name="", email="kvm@vger.kernel.org"), Person(name="Doe, Jane", email="jane@example.org")),
    subject="Re: [PATCH v2 01/10] KVM: Document it",
    date=datetime(2024, 4, 10, 15, 7, 37, tzinfo=UTC),
    message_id="new@example.org",
    in_reply_to="patch@example.org",
    references=("cover@example.org", "patch@example.org"),
    body="Text.\n",
)


def read(reply: Reply) -> email.message.EmailMessage:
    parsed = email.message_from_bytes(render(reply), policy=email.policy.default)
    assert isinstance(parsed, email.message.EmailMessage)
    assert parsed.defects == []
    return parsed


def test_the_bytes_of_a_mail() -> None:
    assert render(REPLY).decode() == (
        "From: Ann User <ann@example.org>\n"
        "To: Tess Ter <tess@example.org>\n"
        'Cc: kvm@vger.kernel.org, "Doe, Jane" <jane@example.org>\n'
        "Subject: Re: [PATCH v2 01/10] KVM: Document it\n"
        "Date: Wed, 10 Apr 2024 15:07:37 +0000\n"
        "Message-ID: <new@example.org>\n"
        "In-Reply-To: <patch@example.org>\n"
        "References: <cover@example.org> <patch@example.org>\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: 7bit\n"
        "\n"
        "Text.\n"
    )


def test_what_is_not_there_makes_no_header() -> None:
    loose = read(replace(REPLY, in_reply_to="", references=(), cc=(), to=()))
    assert not {"In-Reply-To", "References", "Cc", "To"} & set(loose.keys())


def test_names_of_all_kinds_come_back() -> None:
    names = (
        "Jörg Müller", 'O"Neil \\ Sons', "Doe, Jane", "J. R. Hacker", "=?utf-8?q?x?=", "山田 太郎", "a@b",
        "(x)", "Ünï " * 12, "x" * 300, "very long and plain " * 9, ".dot", "a: b; c",
    )  # fmt: skip
    people = tuple(Person(name=name.strip(), email=f"p{at}@example.org") for at, name in enumerate(names))
    made = replace(REPLY, cc=people)
    # Python 3.11's newer parser puts a blank between the two halves of a long name.
    assert read_correspondents(render(made)).cc == people
    assert [one.addr_spec for one in read(made)["Cc"].addresses] == [one.email for one in people]


def test_a_long_list_is_folded() -> None:
    people = tuple(
        Person(name=f"Somebody Number {at}", email=f"somebody.{at}@example.org") for at in range(60)
    )
    raw = render(replace(REPLY, cc=people))
    assert max(len(line) for line in raw.split(b"\n")) <= 78
    assert len(read(replace(REPLY, cc=people))["Cc"].addresses) == 60


@pytest.mark.parametrize(
    ("body", "encoding"),
    [("plain\n", "7bit"), ("ümlaut\n", "8bit"), ("x" * 999 + "\n", "quoted-printable"), ("=\n", "7bit")],
)
def test_the_encoding_that_the_text_needs(body: str, encoding: str) -> None:
    message = read(replace(REPLY, body=body))
    assert message["Content-Transfer-Encoding"] == encoding
    assert message.get_content() == body
    assert all(len(line) <= 998 for line in render(replace(REPLY, body=body)).split(b"\n"))


def test_a_long_line_with_everything_in_it_comes_back() -> None:
    body = "ü=3D" * 400 + "\n>From x\n.\n\tend  \n"
    assert read(replace(REPLY, body=body)).get_content() == body


def test_ids_that_cannot_stand_in_a_header_are_none() -> None:
    assert is_id("20240410.a+b@example.org")
    assert not any(map(is_id, ("", "a b", "a\nb", "a>b", "<a", "ä@x", "\x1b@x", "x" * 1000)))


TEXT = st.text(st.characters(codec=None), max_size=120) | st.text(
    'a\r\n\t =?<>@,:;"\\()ü\u2028\x85\x00.', max_size=80
)


@given(TEXT, TEXT)
@example("x\nBcc: evil@example.org", "x\r\n\r\nbody")
@example("=?utf-8?q?=0ABcc:_evil?=", '"\nBcc: evil@example.org')
@example("\ud800", "\u202e")
def test_no_text_breaks_out_of_its_header(subject: str, name: str) -> None:
    made = replace(REPLY, subject=subject, to=(Person(name=name, email="to@example.org"),))
    raw = render(made)
    head, _, body = raw.partition(b"\n\n")
    assert body == b"Text.\n"
    assert head.isascii()
    assert all(32 <= octet < 127 for octet in head.replace(b"\n", b""))
    for policy in (email.policy.default, email.policy.compat32):
        parsed = email.message_from_bytes(raw, policy=policy)
        assert parsed.keys() == [key for key in NAMES if key != "Subject" or terminal(subject).split()]
    (found,) = read(made)["To"].addresses
    assert found.addr_spec == "to@example.org"
    shown = " ".join(terminal(name).split())
    assert found.display_name.replace(" ", "") == shown.replace(" ", "")
    assert read_correspondents(raw).to == (Person(name=shown, email="to@example.org"),)
    assert str(read(made)["Subject"] or "") == " ".join(terminal(subject).split())


@given(TEXT)
def test_words_are_printable_and_short(text: str) -> None:
    for phrase in (False, True):
        for word in mail_words(text, phrase=phrase):
            assert word.isascii()
            assert word.isprintable()
            assert len(word) <= 200


@given(TEXT)
def test_a_line_of_a_mail_stays_one(text: str) -> None:
    line = mail_line(text)
    assert len(line.splitlines()) <= 1
    assert line.count("\t") == text.count("\t")
    line.encode("utf-8")
