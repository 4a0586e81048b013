# SPDX-License-Identifier: GPL-2.0-only
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.model.series import Person
from kpatch_tools.parse.correspondents import distinct, is_address, read_correspondents


def mail(*headers: str) -> bytes:
    return "\n".join((*headers, "", "text", "")).encode("utf-8", "surrogateescape")


def addresses(people: tuple[Person, ...]) -> list[str]:
    return [one.email for one in people]


def test_people_of_a_mail() -> None:
    found = read_correspondents(
        mail(
            "From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@example.org>",
            "Reply-To: list@example.org",
            'To: "Doe, Jane" <jane@example.org>, (a remark) kvm@vger.kernel.org',
            "Cc: Linux <linux-kernel@vger.kernel.org>,",
            "\tJANE@example.org, undisclosed-recipients:;",
            "cc: Late <late@example.org>",
            "Date: Wed, 10 Apr 2024 15:07:37 -0700",
        )
    )
    assert found.sender == Person(name="Jörg Müller", email="joerg@example.org")
    assert addresses(found.reply_to) == ["list@example.org"]
    assert found.to == (
        Person(name="Doe, Jane", email="jane@example.org"),
        Person(name="a remark", email="kvm@vger.kernel.org"),
    )
    assert addresses(found.cc) == ["linux-kernel@vger.kernel.org", "JANE@example.org", "late@example.org"]
    assert found.date is not None
    assert found.date.isoformat() == "2024-04-10T15:07:37-07:00"
    assert found.unusable == 0


def test_bytes_that_nobody_encoded_are_read_as_what_they_are() -> None:
    assert read_correspondents("From: Jörg <a@example.org>\n\n".encode()).sender == Person(
        name="Jörg", email="a@example.org"
    )
    latin = read_correspondents("From: Jörg <a@example.org>\n\n".encode("latin-1")).sender
    assert latin == Person(name="Jörg", email="a@example.org")


@pytest.mark.parametrize(
    "text",
    [
        "a b@example.org", "a@b@example.org", "a@", "@example.org", "a@example.org>", "ä@example.org",
        "a@exämple.org", "a@example.org\nBcc: x@example.org", "a@-x", '"a b"@example.org', "a@example.org,b",
    ],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert not is_address(text)
    found = read_correspondents(mail("From: good@example.org", f"To: X <{' '.join(text.split())}>"))
    assert all(is_address(one.email) for one in found.to)


def test_unusable_addresses_are_counted() -> None:
    assert read_correspondents(mail("From: x@example.org", "To: X <ä@example.org>")).unusable == 1


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2024 99:99:99 +9999", "1 Jan"])
def test_a_date_that_is_none(date: str) -> None:
    assert read_correspondents(mail("From: x@example.org", f"Date: {date}")).date is None


def test_each_address_once_and_not_the_users() -> None:
    people = (
        Person(name="", email="A@x.org"),
        Person(name="A", email="a@x.org"),
        Person(name="Me", email="me@x.org"),
    )
    assert distinct(people, without=(Person(name="", email="ME@x.org"),)) == (
        Person(name="A", email="a@x.org"),
    )


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_hostile_headers_never_raise(one: bytes, two: bytes) -> None:
    found = read_correspondents(b"From: " + one + b"\nTo: " + two + b"\nDate: " + one + b"\n\n")
    assert all(is_address(person.email) for person in (*found.to, *found.cc))
