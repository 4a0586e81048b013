# SPDX-License-Identifier: GPL-2.0-only
"""Whom a reply goes to: the people in the headers of a mail, as RFC 5322 3.6.2 and 3.6.3 name them."""

import email
import email.header
import email.message
import email.utils
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kpatch_tools.model.series import Person
from kpatch_tools.parse.mail import headers_of

# Quoted local parts and names of hosts in other scripts are left out: no kernel list takes them.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondents:
    """The people of one mail; ``sender`` is the first of From, None where there is none that can be used.

    ``unusable`` counts addresses that no mail can be sent to.
    """

    sender: Person | None
    reply_to: tuple[Person, ...]
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    date: datetime | None
    unusable: int = 0


def read_correspondents(raw: bytes) -> Correspondents:
    """The people and the date of a mail; never fails, hostile headers give nobody."""
    message = email.message_from_bytes(headers_of(raw))
    unusable = 0
    found: dict[str, tuple[Person, ...]] = {}
    for name in ("From", "Reply-To", "To", "Cc"):
        people, bad = _people(message, name)
        found[name] = people
        unusable += bad
    return Correspondents(
        sender=next(iter(found["From"]), None),
        reply_to=found["Reply-To"],
        to=found["To"],
        cc=found["Cc"],
        date=_date(str(message.get("Date", ""))),
        unusable=unusable,
    )


def distinct(people: Iterable[Person], *, without: Iterable[Person] = ()) -> tuple[Person, ...]:
    """People in order, each address once; an address with a name wins over the same without one."""
    gone = {one.email.lower() for one in without}
    kept: dict[str, Person] = {}
    for one in people:
        key = one.email.lower()
        if key not in gone and (key not in kept or (one.name and not kept[key].name)):
            kept[key] = one
    return tuple(kept.values())


def is_address(text: str) -> bool:
    """Whether a mail can be sent to (and from) this address as it stands."""
    return _ADDRESS.fullmatch(text) is not None


def _people(message: email.message.Message, name: str) -> tuple[tuple[Person, ...], int]:
    values = [
        " ".join(_text(str(value)).split())
        for key, value in message.raw_items()
        if key.lower() == name.lower()
    ]
    people: list[Person] = []
    bad = 0
    for shown, address in email.utils.getaddresses(values):
        if is_address(address):
            people.append(Person(name=_decoded(shown), email=address))
        elif shown or address:
            bad += 1
    return distinct(people), bad


def _text(value: str) -> str:
    """Bytes above ASCII, which mails should encode and some do not, as the text they are likely to be."""
    octets = value.encode("utf-8", "surrogateescape")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _decoded(name: str) -> str:
    try:
        parts = email.header.decode_header(name)
        shown = "".join(
            part if isinstance(part, str) else part.decode(charset or "ascii", "replace")
            for part, charset in parts
        )
    except (LookupError, ValueError, email.errors.HeaderParseError):
        return name
    return " ".join(shown.split())


def _date(text: str) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
