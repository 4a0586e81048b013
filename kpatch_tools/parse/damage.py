# SPDX-License-Identifier: GPL-2.0-only
"""What mail programs do to patches: wrapped lines, format=flowed, quoted-printable left in the text."""

import email
import re

from kpatch_tools.parse.mail import headers_of

_ESCAPED = re.compile(r"=(?:[0-9A-F]{2}|$)", re.MULTILINE)
_BODY = re.compile(r"^[ +-](.*)$", re.MULTILINE)


def is_flowed(raw: bytes) -> bool:
    """Whether the mail says format=flowed (RFC 3676), where blanks at line ends may be lost."""
    message = email.message_from_bytes(headers_of(raw))
    value = message.get_param("format", "")
    return isinstance(value, str) and value.lower() == "flowed"


def left_encoded(raw: bytes, diff: str) -> bool:
    """Whether the diff is still quoted-printable though the mail does not say so.

    Then "=" itself is written "=3D", so every "=" of the diff begins an escape or ends a line, and one of
    them at least is "=3D" (RFC 2045 6.7). A diff with a plain "=" in it is not in that form.
    """
    if "=3D" not in diff or b"quoted-printable" in raw[:20000].lower():
        return False
    lines = "\n".join(_BODY.findall(diff))
    return "=3D" in lines and lines.count("=") == len(_ESCAPED.findall(lines))


def damage(raw: bytes, diff: str) -> str:
    """What a mail program did to a diff that git reads all the same, "" when nothing is seen."""
    if left_encoded(raw, diff):
        return (
            "quoted-printable was left in the text (=3D for =): its Content-Transfer-Encoding header is lost"
        )
    return ""


def explain(raw: bytes, diff: str) -> str:
    """Why git cannot read a diff, as far as the mail shows it; "" when it does not."""
    if is_flowed(raw):
        return "the mail was sent as format=flowed, which breaks long lines and loses blanks"
    if left_encoded(raw, diff) or re.search(r"=3D|=20$|[^=]=$", diff, re.MULTILINE):
        return "quoted-printable was left in the text: its Content-Transfer-Encoding header is lost"
    hunk = diff.rpartition("\n@@ ")[2]
    if hunk != diff and not re.search(r"^-- $", diff, re.MULTILINE) and _short(diff):
        return "the mail ends in the middle of a hunk: it was cut off"
    if re.search(r"^[^ +\-@\\dinrGBsoc\n]", hunk, re.MULTILINE):
        return "lines were broken in two, or lost the blank in front"
    return ""


def _short(diff: str) -> bool:
    """Whether the last hunk holds fewer lines than its @@ line announces."""
    head = list(
        re.finditer(r"^@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@.*$", diff, re.MULTILINE)
    )
    if not head:
        return False
    old, new = (int(part) if part is not None else 1 for part in head[-1].groups())
    lines = diff[head[-1].end() + 1 :].rstrip("\n").split("\n")
    have_old = sum(1 for line in lines if line[:1] in ("-", " ", ""))
    have_new = sum(1 for line in lines if line[:1] in ("+", " ", ""))
    return have_old < old or have_new < new
