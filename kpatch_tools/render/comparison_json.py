# SPDX-License-Identifier: GPL-2.0-only
"""Two versions of a series side by side, as JSON, version 1 of its own document.

A change that removes or redefines a key raises COMPARISON_SCHEMA; a new key with a default does not.
"""

from typing import Any, Final, Literal

import msgspec

from kpatch_tools.model.comparison import AnsweredComment, Comparison, FileDelta, PatchPair
from kpatch_tools.model.json_v1 import FindingV1, GoneV1
from kpatch_tools.model.known import KnownAnswer
from kpatch_tools.model.report import Report
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.render import json_v1 as report_json
from kpatch_tools.render.escape import json_text

COMPARISON_SCHEMA: Final = 1


class VersionV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version; ``patches`` counts what was received."""

    name: str
    version: int
    message_id: str
    patches: int


class MailV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One patch of one version; ``number`` is 0 for the cover letter."""

    number: int
    subject: str
    message_id: str


class FileV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that differs: ``state`` is added, removed, changed or context (lines around the change alone).

    ``old`` and ``new`` are [added, removed] lines in that version, [0, 0] where it does not touch the file.
    """

    path: str
    state: str
    old: tuple[int, int]
    new: tuple[int, int]


class PairV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One patch; ``old`` or ``new`` is null where that version lacks it.

    ``changes`` holds unchanged, added or dropped alone, or any of moved, renamed, author, files, message,
    trailers. ``paired_by`` is subject, diff, range-diff, similarity or "". ``delta`` is a diff for the eye.
    """

    old: MailV1 | None
    new: MailV1 | None
    paired_by: str
    changes: tuple[str, ...]
    files: tuple[FileV1, ...] = ()
    trailers_gained: tuple[str, ...] = ()
    trailers_lost: tuple[str, ...] = ()
    delta: str = ""


class CommentV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One comment; ``patch`` is the number in the older version, null when it is not known.

    ``region`` is message, notes (below ---), diff, or "" for a comment that stands below no line. ``line``
    counts from 1, 0 when unknown: in the file after the patch, before it where ``mark`` is "-"; in the
    commit message for message. ``exact`` is false while lines cut out by the reviewer may have shifted it.
    ``state`` is "line gone", "changed", "untouched", "moved", "patch gone", "not comparable" or "general";
    ``now`` is the place in the newer version ("path:line", "message:line" or ""), ``now_text`` its lines.
    """

    author: str
    date: str
    message_id: str
    source: str
    mail_line: int
    text: str
    state: str
    patch: int | None = None
    region: str = ""
    path: str = ""
    line: int = 0
    exact: bool = False
    mark: str = ""
    quoted: tuple[str, ...] = ()
    reason: str = ""
    now: str = ""
    now_text: tuple[str, ...] = ()


class OfferedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trailer that a reviewer gave; ``patch`` is 0 for the series, ``missing_in`` newer patch numbers."""

    trailer: str
    patch: int
    missing_in: tuple[int, ...]


class ClaimV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the author says that ``version`` does about a comment."""

    version: int
    state: Literal["answered", "withdrawn"]
    says: str
    patches: tuple[int, ...] = ()


class ProofV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One proof tried; ``words`` say what was seen, or what is lacking."""

    outcome: Literal["holds", "fails", "unknown"]
    words: str


class KnownV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comment that the series' own document has; ``file`` is "" for the message of ``patch`` (0: cover)."""

    id: str
    state: Literal["answered", "still there", "not proven", "withdrawn"]
    patch: int
    by: str
    asks: str
    file: str = ""
    anchor: str = ""
    posted: str = ""
    claim: ClaimV1 | None = None
    proofs: tuple[ProofV1, ...] = ()


class FindingsV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The findings of the two reports, each once; ``sources`` are the files of the older."""

    answered: tuple[GoneV1, ...]
    still: tuple[FindingV1, ...]
    new: tuple[FindingV1, ...]
    unproven: tuple[GoneV1, ...]
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class ComparisonV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document of `kvet series diff --format json`.

    ``method`` says how the diffs were compared; ``files`` are those that the versions as wholes change
    differently; ``comments`` is null when no mails were given, ``known_comments`` when no document of the
    series has some, ``findings`` when there is no report on one of the versions. Bytes that are no UTF-8
    become U+FFFD.
    """

    schema: Literal[1]
    tool: str
    old: VersionV1
    new: VersionV1
    method: str
    notes: tuple[str, ...] = ()
    patches: tuple[PairV1, ...] = ()
    files: tuple[FileV1, ...] = ()
    comments: tuple[CommentV1, ...] | None = None
    known_comments: tuple[KnownV1, ...] | None = None
    findings: FindingsV1 | None = None
    offered_trailers: tuple[OfferedV1, ...] = ()


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the document."""
    return msgspec.json.schema(ComparisonV1)


def as_json(comparison: Comparison, *, tool: str) -> str:
    """One JSON document, indented by two, ending in a newline."""
    raw = msgspec.json.encode(_sound(msgspec.to_builtins(convert(comparison, tool=tool))))
    return json_text(msgspec.json.format(raw, indent=2).decode()) + "\n"


def convert(comparison: Comparison, *, tool: str) -> ComparisonV1:
    """The comparison in the shape of the document."""
    comments = comparison.comments
    return ComparisonV1(
        schema=COMPARISON_SCHEMA,
        tool=tool,
        old=_version(comparison.old),
        new=_version(comparison.new),
        method=comparison.method,
        notes=comparison.notes,
        patches=tuple(_pair(pair) for pair in comparison.pairs),
        files=tuple(_file(item) for item in comparison.files),
        comments=None if comments is None else tuple(_comment(item) for item in comments),
        known_comments=None if comparison.known is None else tuple(_known(item) for item in comparison.known),
        findings=_findings(comparison.report),
        offered_trailers=tuple(
            OfferedV1(trailer=item.trailer, patch=item.patch, missing_in=item.missing)
            for item in comparison.offered
        ),
    )


def _known(item: KnownAnswer) -> KnownV1:
    comment, claim = item.comment, item.comment.claim
    return KnownV1(
        id=comment.id,
        state=item.state.value,
        patch=comment.patch,
        by=comment.by,
        asks=comment.asks,
        file=comment.file,
        anchor=comment.anchor,
        posted=comment.posted,
        claim=ClaimV1(version=claim.version, state=claim.state, says=claim.says, patches=claim.patches)
        if claim
        else None,
        proofs=tuple(ProofV1(outcome=proof.outcome.value, words=proof.words) for proof in item.proofs),
    )


def _findings(report: Report | None) -> FindingsV1 | None:
    document = report_json.convert(report) if report else None
    if document is None or document.since is None:
        return None
    findings = [finding for check in document.checks for finding in check.findings]
    return FindingsV1(
        answered=document.since.answered,
        still=tuple(finding for finding in findings if finding.told),
        new=tuple(finding for finding in findings if not finding.told),
        unproven=document.since.unproven,
        sources=document.since.sources,
        notes=document.since.notes,
    )


def _version(series: Series) -> VersionV1:
    return VersionV1(
        name=series.name,
        version=series.version,
        message_id=series.message_id,
        patches=len(series.patches),
    )


def _mail(patch: Patch | None) -> MailV1 | None:
    if patch is None:
        return None
    return MailV1(number=patch.number, subject=patch.subject, message_id=patch.message_id)


def _file(item: FileDelta) -> FileV1:
    return FileV1(path=item.path, state=item.state.value, old=item.old, new=item.new)


def _pair(pair: PatchPair) -> PairV1:
    return PairV1(
        old=_mail(pair.old),
        new=_mail(pair.new),
        paired_by=pair.by,
        changes=tuple(change.value for change in pair.changes),
        files=tuple(_file(item) for item in pair.files),
        trailers_gained=pair.gained,
        trailers_lost=pair.lost,
        delta=pair.delta,
    )


def _comment(item: AnsweredComment) -> CommentV1:
    anchor = item.anchor
    return CommentV1(
        author=item.mail.author,
        date=item.mail.date,
        message_id=item.mail.message_id,
        source=item.mail.source,
        mail_line=item.comment.mail_line,
        text=item.comment.text,
        state=item.answer.value,
        patch=item.patch.number if item.patch else None,
        region=anchor.region.value if anchor else "",
        path=anchor.path if anchor else "",
        line=anchor.line if anchor else 0,
        exact=anchor.exact if anchor else False,
        mark=anchor.mark if anchor else "",
        quoted=anchor.block if anchor else (),
        reason=item.reason,
        now=item.now,
        now_text=item.now_text,
    )


def _sound(value: Any) -> Any:
    """The same with lone surrogates replaced: JSON has no place for them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8", "replace").replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {key: _sound(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sound(item) for item in value]
    return value
