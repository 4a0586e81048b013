# SPDX-License-Identifier: GPL-2.0-only
"""The subject of a posted patch: "[RFC PATCH v2 03/10] KVM: ..." into its parts."""

import re
from dataclasses import dataclass

# Longer digit strings are no count a person meant, and int() of a very long one is refused by Python.
_REPLY = re.compile(r"^\s*(?:(?:re|aw|fwd?|antw|sv)\s*:\s*)+", re.IGNORECASE)
_TAGS = re.compile(r"^\s*((?:\[[^\[\]]*\]\s*)+)")
_COUNT = re.compile(r"^(\d{1,6})/(\d{1,6})$")
_VERSION = re.compile(r"^[vV](\d{1,4})$")
_GLUED = re.compile(r"^(?:RFC)?PATCH[vV](\d{1,4})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject in parts; ``number`` and ``total`` are None when the subject gives no count.

    ``version`` is 1 unless a word "vN" says otherwise; ``is_patch`` means that the brackets hold the word
    PATCH, ``is_reply`` that Re: or a like word stands in front.
    """

    text: str
    version: int = 1
    number: int | None = None
    total: int | None = None
    is_patch: bool = False
    is_reply: bool = False
    is_resend: bool = False


def read_subject(line: str) -> Subject:
    """Take a decoded subject apart; never fails, a subject without brackets is all text."""
    flat = " ".join(line.split())
    reply = _REPLY.match(flat)
    rest = flat[reply.end() :] if reply else flat
    tags = _TAGS.match(rest)
    text = rest[tags.end() :] if tags else rest
    words = re.split(r"[\s\[\],]+", tags.group(1)) if tags else []
    version, number, total = 1, None, None
    is_patch = is_resend = False
    for word in words:
        if count := _COUNT.match(word):
            number, total = int(count.group(1)), int(count.group(2))
        elif named := _VERSION.match(word) or _GLUED.match(word):
            version = int(named.group(1))
        is_patch = is_patch or word.upper().startswith(("PATCH", "RFCPATCH"))
        is_resend = is_resend or word.upper() == "RESEND"
    return Subject(
        text=text,
        version=version,
        number=number,
        total=total,
        is_patch=is_patch,
        is_reply=reply is not None,
        is_resend=is_resend,
    )
