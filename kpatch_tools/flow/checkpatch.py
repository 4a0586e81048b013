# SPDX-License-Identifier: GPL-2.0-only
"""checkpatch.pl over a series: patches in, findings at their places in the patched files out."""

import re
from collections.abc import Iterator, Mapping, Sequence

from kpatch_tools.model.finding import Finding, Location
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.parse.checkpatch import Complaint
from kpatch_tools.parse.maintainers import uncovered
from kpatch_tools.parse.patch_lines import DiffLine
from kpatch_tools.tools.checkpatch import Mail, known_words, run_checkpatch
from kpatch_tools.tools.git import Repository

_CAMEL = re.compile(r"<(\w+)>")
_ADDED_FILES = "FILE_PATH_CHANGES"
MAINTAINERS = "MAINTAINERS"


def checkpatch_findings(
    store: Repository,
    base: str,
    head: str,
    read: Sequence[tuple[Patch, tuple[DiffLine, ...]]],
    series: Series,
) -> tuple[Finding, ...]:
    """What checkpatch.pl of the commit ``base`` says of each patch, as "checkpatch/TYPE".

    Only complaints about lines that the patch adds, about its message and about its files count: others are
    about what was there. Its errors are errors, its warnings warnings, and what only --strict asks for is a
    note. A question about MAINTAINERS is dropped where that file, at ``head``, covers every new name.
    Raises EnvironmentFault as run_checkpatch() does.
    """
    mails = {patch.number: _mail(patch) for patch, _lines in read}
    found = run_checkpatch(store, base, list(mails.values())) if mails else {}
    camel = {
        word
        for complaints in found.values()
        for one in complaints
        if one.type == "CAMELCASE" and (match := _CAMEL.search(one.text))
        for word in (match[1],)
    }
    known = known_words(store, base, sorted(camel))
    covered = _covered(store, head, series) if _asked(found) else False
    findings: list[Finding] = []
    for patch, lines in read:
        mail = mails[patch.number]
        above = _above(patch)
        places = {above + line.index + 1: line for line in lines}
        text = mail.data.decode("utf-8", "replace").split("\n")
        for one in found[mail.name]:
            match = _CAMEL.search(one.text)
            if one.type == "CAMELCASE" and match and match[1] in known:
                continue
            if one.type == _ADDED_FILES and covered:
                continue
            findings += _finding(one, patch, places, text)
    return tuple(findings)


def _finding(
    one: Complaint, patch: Patch, places: Mapping[int, DiffLine], text: Sequence[str]
) -> Iterator[Finding]:
    line = places.get(one.line)
    if line and line.mark in (" ", "-"):
        return
    detail = text[one.line - 1] if 0 < one.line <= len(text) else ""
    # The question about MAINTAINERS is one about the patch, at whatever line it is asked.
    here = line if line and one.type != _ADDED_FILES else None
    yield Finding(
        rule=f"checkpatch/{one.type}",
        severity=one.severity,
        message=one.text,
        location=Location(path=here.path if here else "", line=here.line if here else 0, patch=patch.number),
        detail=detail[:300],
    )


def _mail(patch: Patch) -> Mail:
    """The patch as plain text: whatever a mail program encoded is decoded, git has read it already."""
    head = "\n".join((*_headers(patch), "", patch.body.rstrip("\n"), ""))
    return Mail(
        name=f"{patch.number:04}.patch", data=head.encode("utf-8", "surrogateescape") + patch.diff_bytes
    )


def _above(patch: Patch) -> int:
    """How many lines of the mail stand above its diff."""
    return len(_headers(patch)) + 1 + len(patch.body.rstrip("\n").split("\n"))


def _headers(patch: Patch) -> tuple[str, ...]:
    subject = " ".join(patch.subject.split())
    author = " ".join(str(patch.author).split())
    return (f"From: {author}", f"Subject: [PATCH {patch.count}] {subject}")


def _asked(found: Mapping[str, Sequence[Complaint]]) -> bool:
    return any(one.type == _ADDED_FILES for complaints in found.values() for one in complaints)


def _covered(store: Repository, head: str, series: Series) -> bool:
    text = store.read_blob(head, MAINTAINERS)
    names = tuple(
        change.path for patch in series.patches for change in patch.files if change.status in ("A", "R", "C")
    )
    return text is not None and not uncovered(text.decode("utf-8", "replace"), names)
