# SPDX-License-Identifier: GPL-2.0-only
"""What a commit holds of a mail, where author and date leave nothing to interpret.

git cleans names and reads almost anything as a date. What needs such judgement is left to git itself: the
functions here answer None, and the caller asks `git var`.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from kpatch_tools.model.series import Person

# ident.c of git strips these from both ends of a name; what has none of them there stays as it is.
_CRUD = r"\x00-\x20.,:;<>\"\\'"
_PLAIN_NAME = re.compile(rf"[^{_CRUD}](?:[^\x00-\x1f<>]*[^{_CRUD}])?")
_PLAIN_EMAIL = re.compile(rf"[^{_CRUD}](?:[^\x00-\x20<>]*[^{_CRUD}])?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RFC_2822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(?P<day>\d{1,2}) "
    rf"(?P<month>{'|'.join(_MONTHS)}) (?P<year>(?:19[7-9]|20[0-8])\d) "
    r"(?P<hour>\d\d):(?P<minute>[0-5]\d):(?P<second>[0-5]\d) "
    r"(?P<sign>[+-])(?P<east>0\d|1[0-4])(?P<part>00|15|30|45)"
)


def stripspace(text: bytes) -> bytes:
    """What `git stripspace` makes of a message: no blanks at line ends, no doubled or outer empty lines."""
    kept: list[bytes] = []
    for line in text.split(b"\n"):
        bare = line.rstrip(b" \t\r")
        if bare or (kept and kept[-1]):
            kept.append(bare)
    while kept and not kept[-1]:
        kept.pop()
    return b"".join(line + b"\n" for line in kept)


def stamp(date: str) -> str | None:
    """A mail's date as a commit holds it ("1712873243 -0700"); None when it is not of RFC 2822's plain form.

    The offset keeps the minutes of the mail; the day of the week is not looked at, as in git.
    """
    match = _RFC_2822.fullmatch(date)
    if not match:
        return None
    offset = timedelta(hours=int(match["east"]), minutes=int(match["part"]))
    zone = timezone(-offset if match["sign"] == "-" else offset)
    try:
        moment = datetime(
            int(match["year"]), _MONTHS.index(match["month"]) + 1, int(match["day"]),
            int(match["hour"]), int(match["minute"]), int(match["second"]), tzinfo=zone,
        )  # fmt: skip
    except ValueError:
        return None
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    sign = match["sign"] if offset else "+"
    return f"{seconds} {sign}{match['east']}{match['part']}" if seconds >= 0 else None


def ident(who: Person, date: str) -> str | None:
    """Who and when as a commit holds them (Name <address> seconds offset); None where git has to judge."""
    when = stamp(date)
    plain = _PLAIN_NAME.fullmatch(who.name) and _PLAIN_EMAIL.fullmatch(who.email)
    return f"{who} {when}" if plain and when else None
