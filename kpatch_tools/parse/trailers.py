# SPDX-License-Identifier: GPL-2.0-only
"""The trailers of a commit message: "Signed-off-by: ..." and its like in the last paragraphs."""

import re

_TRAILER = re.compile(r"^[A-Za-z][A-Za-z0-9-]{1,40}:(?!//)[ \t]*\S")
_REMARK = re.compile(r"^(?:\[.*\]|\(cherry picked from .*\)|\s+\S.*)$")
_OFFERED = re.compile(
    r"^(?:Reviewed|Acked|Tested|Reported|Suggested|Co-developed|Signed-off)(?:-and-[a-z]+)?-by:[ \t]*\S.*@",
    re.IGNORECASE,
)


def split_trailers(body: str) -> tuple[str, tuple[str, ...]]:
    """A commit message without its subject as (text, trailers in order).

    The last paragraphs count in which every line is "Name: value", a remark in brackets or an indented
    continuation (git-interpret-trailers(1)); kernel messages often have a blank line between them.
    """
    lines = body.rstrip().split("\n")
    start = len(lines)
    at = len(lines)
    while at > 0:
        begin = at
        while begin > 0 and lines[begin - 1].strip():
            begin -= 1
        part = lines[begin:at]
        if not part or not _TRAILER.match(part[0]):
            break
        if not all(_TRAILER.match(line) or _REMARK.match(line) for line in part):
            break
        start = at = begin
        while at > 0 and not lines[at - 1].strip():
            at -= 1
    trailers: list[str] = []
    for line in lines[start:]:
        if line[:1].isspace() and line.strip() and trailers:
            trailers[-1] = f"{trailers[-1]} {line.strip()}"
        elif line.strip():
            trailers.append(" ".join(line.split()))
    return "\n".join(lines[:start]).rstrip(), tuple(trailers)


def is_offered(line: str) -> bool:
    """Whether a line of a review is a trailer that the reviewer gives ("Reviewed-by: Name <address>")."""
    return _OFFERED.match(line.strip()) is not None
