# SPDX-License-Identifier: GPL-2.0-only
"""Mails into a series: which of them are meant, each patch as git reads it, in order."""

import contextlib
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kpatch_tools.errors import UserError
from kpatch_tools.model.series import FileChange, Patch, Series
from kpatch_tools.parse.damage import damage, explain, is_flowed
from kpatch_tools.parse.diff import FileDiff, content, read_diff
from kpatch_tools.parse.mail import Envelope, MailInfo, read_envelope, recorded_base
from kpatch_tools.parse.thread import Choice, Posting, chosen, may_replace, postings
from kpatch_tools.tools import mailbox

_DIFF = re.compile(rb"^(?:diff --git |--- [^\n]+\n\+\+\+ )", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Posted:
    """A patch mail with what orders it among others of its number."""

    patch: Patch
    envelope: Envelope
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A mail with what git made of it, and the files of its diff as we read them."""

    envelope: Envelope
    info: MailInfo
    files: tuple[FileDiff, ...]

    @property
    def diff(self) -> bytes:
        return self.info.diff.encode("utf-8", "surrogateescape")

    def counts(self) -> mailbox.Counts:
        """What `git apply --numstat` is to count."""
        counts: mailbox.Counts = {}
        for change in (entry.change for entry in self.files):
            before = counts.get(change.path) or (0, 0)
            lines = (before[0] + change.added, before[1] + change.removed)
            counts[change.path] = None if change.binary else lines
        return counts

    def posted(self) -> _Posted:
        item, info = self.envelope, self.info
        patch = Patch(
            number=item.subject.number or 0,
            subject=info.subject,
            author=info.author,
            date=info.date,
            message_id=item.message_id,
            body=info.body,
            diff=info.diff,
            files=tuple(entry.change for entry in self.files),
            raw=item.raw,
            source=item.source,
            version=item.subject.version,
            total=item.subject.total or 0,
            damage=damage(item.raw, info.diff),
        )
        return _Posted(patch=patch, envelope=item, content=_digest(content(info.diff, self.files)))


def read_series(
    mails: tuple[mailbox.RawMail, ...], name: str, *, ordered: bool = False, choice: Choice | None = None
) -> Series:
    """Make a series of mails; ``ordered`` says that their order counts where subjects hold no numbers.

    Where the mails hold several series and ``choice`` names none, the result has no patches and lists them
    in ``rivals``. Raises UserError for mails that cannot be read, and for a choice that fits none.
    """
    envelopes = [read_envelope(mail.raw, mail.source) for mail in mails]
    replies = [item for item in envelopes if item.subject.is_reply]
    posts, strangers = _posts([item for item in envelopes if not item.subject.is_reply])
    notes: list[str] = []
    if replies or strangers:
        notes.append(f"{len(replies) + strangers} mails of the thread are no patches and were left out")
    found = postings(posts)
    if choice is None and len(found) > 1:
        every = tuple(str(item) for item in found)
        newest = max(item.version for item in found)
        return Series(
            name=name, version=newest, total=0, cover=None, patches=(), notes=tuple(notes), rivals=every
        )
    if choice:
        posting = chosen(found, choice, replies)
        others = [str(item) for item in found if not set(item.mails) & set(posting.mails)]
        notes += [f"not this one: {other}" for other in others]
        notes += [
            f"to take it as a partial reroll of v{older.version}: FILE@v{older.version}+v{posting.version}"
            for older in found
            if may_replace(posting, older)
        ]
    else:
        posting = found[0] if found else Posting(version=1, mails=())
    return _series(posting, name, notes, ordered=ordered)


def read_patches(mails: tuple[mailbox.RawMail, ...]) -> tuple[Patch, ...]:
    """Every patch in ``mails`` that can be read, of whatever series; replies and covers are passed over."""
    found = []
    for mail in mails:
        with contextlib.suppress(UserError):
            item = read_envelope(mail.raw, mail.source)
            if not item.subject.is_reply:
                found += [posted.patch for posted in _patches([item]) if posted.patch.files]
    return tuple(found)


def _posts(mails: list[Envelope]) -> tuple[list[Envelope], int]:
    """Covers and patches, and the count of mails that are neither (no tag, no number and no diff).

    A patch without a number that answers a numbered one is somebody's suggestion, not part of the series.
    """
    tagged = [item for item in mails if item.subject.is_patch or item.subject.number is not None]
    rest = [item for item in mails if item not in tagged]
    posts = tagged + [item for item in rest if _holds_diff(item)]
    numbered = {item.message_id for item in posts if item.subject.number is not None}
    kept = [
        item
        for item in posts
        if item.subject.number is not None or not numbered & {item.in_reply_to, *item.references}
    ]
    return kept, len(mails) - len(kept)


def _holds_diff(item: Envelope) -> bool:
    if _DIFF.search(item.raw):
        return True
    if b"base64" not in item.raw.lower():
        return False
    return bool(read_diff(mailbox.mailinfo(item.raw, item.source).diff, item.source))


def _series(posting: Posting, name: str, notes: list[str], *, ordered: bool) -> Series:
    covers = [item for item in posting.mails if item.subject.number == 0]
    kept, resent = _without_copies(_patches(posting.mails))
    if posting.rerolled:
        kept, remark = _rerolled(kept, _without_copies(_patches(posting.rerolled))[0], posting)
        notes.append(remark)
    patches = _numbered(kept, ordered=ordered)
    cover = _newest_cover(covers)
    if cover and posting.rerolled:
        cover = replace(cover, version=posting.version)
    notes += [f"patch {count} was sent more than once; the last mail is used" for count in resent]
    notes += [
        f"patch {item.patch.count} was sent as format=flowed: blanks at line ends may be lost"
        for item in kept
        if is_flowed(item.patch.raw)
    ]
    if cover and read_diff(cover.diff, cover.source):
        notes.append("the cover letter holds a diff, which is not applied")
    every = ([cover] if cover else []) + patches
    total = max((patch.total for patch in every), default=0)
    notes += [
        f"patch {patch.count} is past the announced count" for patch in patches if patch.number > patch.total
    ]
    base, prerequisites = _recorded(cover, patches)
    return Series(
        name=name,
        version=max((patch.version for patch in every), default=1),
        total=total,
        cover=cover,
        patches=tuple(patches),
        notes=tuple(notes),
        base_commit=base,
        prerequisites=prerequisites,
    )


def _patches(mails: Iterable[Envelope]) -> list[_Posted]:
    posts = [item for item in mails if item.subject.number != 0]
    infos = mailbox.mailinfos([(item.raw, item.source) for item in posts])
    read = [
        _Read(envelope=item, info=info, files=read_diff(info.diff, item.source))
        for item, info in zip(posts, infos, strict=True)
    ]
    _judge(read)
    return [item.posted() for item in read]


def _rerolled(older: list[_Posted], newer: list[_Posted], posting: Posting) -> tuple[list[_Posted], str]:
    """The older version with the patches of a partial reroll in place of its own, and what to say of it."""
    replaced = {item.patch.number: item for item in newer}
    first = min((item.patch.version for item in older), default=1)
    merged = [replaced.get(item.patch.number, item) for item in older]
    merged += [item for item in newer if item.patch.number not in {old.patch.number for old in older}]
    counts = ", ".join(item.patch.count for item in newer)
    result = [replace(item, patch=replace(item.patch, version=posting.version)) for item in merged]
    return result, f"v{posting.version} is a partial reroll: {counts} is new, the rest is of v{first}"


def _digest(text: str) -> str:
    """What stands for a diff where diffs are only compared; a diff may be megabytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _judge(read: list[_Read]) -> None:
    """Hold our reading of the diffs against git's: other files would be prepared than are written."""
    every = mailbox.numstats([item.diff for item in read]) if len(read) > 1 else None
    # Where git refuses one of them, one after the other shows which, and why.
    for item, theirs in zip(read, every or map(_asked, read), strict=True):
        ours = item.counts()
        if ours != theirs:
            odd = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
            raise UserError(
                f"{item.envelope.source}: the diff is ambiguous about {odd[0]!r}: git reads it another way",
                cure="make the patch with `git format-patch`",
            )


def _asked(item: _Read) -> mailbox.Counts:
    try:
        return mailbox.numstat(item.diff, item.envelope.source)
    except UserError as error:
        if reason := explain(item.envelope.raw, item.info.diff):
            raise UserError(f"{error.message}; {reason}", cure=error.cure) from error
        raise


def _without_copies(posted: list[_Posted]) -> tuple[list[_Posted], list[str]]:
    """Drop all but the last of the mails that carry one patch; also the counts of what was sent again.

    Two mails carry one patch when version, number and diff agree. A mail that merely arrived twice (the
    same Message-ID) is dropped without a word.
    """
    kept: dict[tuple[int, int, str, str], _Posted] = {}
    resent: list[str] = []
    for item in posted:
        patch = item.patch
        # Without numbers, the subject must tell two patches apart.
        label = patch.subject if item.envelope.subject.number is None else ""
        key = (patch.version, patch.number, label, item.content)
        before = kept.get(key)
        if before and before.patch.message_id != patch.message_id:
            resent.append(patch.count)
        if before is None or before.patch.message_id != patch.message_id:
            kept[key] = item
    return list(kept.values()), list(dict.fromkeys(resent))


def _numbered(posted: list[_Posted], *, ordered: bool) -> list[Patch]:
    """Patches in order; a lone patch without a number is 1/1, and so are files in a folder by their order."""
    plain = [item for item in posted if item.envelope.subject.number is None]
    if plain and len(plain) < len(posted):
        raise UserError(
            f"{plain[0].patch.source}: this patch has no number (n/m), others of the series have one",
            cure="give one series at a time",
        )
    if len(plain) > 1 and not ordered:
        raise UserError(
            f"{plain[0].patch.source}: {len(plain)} patches without numbers (n/m): nothing says their order",
            cure="number them with `git format-patch -n`, or give a folder of files in order",
        )
    if plain:
        return [replace(item.patch, number=at, total=len(plain)) for at, item in enumerate(plain, 1)]
    return sorted((item.patch for item in posted), key=lambda patch: (patch.version, patch.number))


def _newest_cover(covers: list[Envelope]) -> Patch | None:
    if not covers:
        return None
    item = max(covers, key=lambda cover: cover.subject.version)
    info = mailbox.mailinfo(item.raw, item.source)
    no_files: tuple[FileChange, ...] = ()
    return Patch(
        number=0,
        subject=info.subject,
        author=info.author,
        date=info.date,
        message_id=item.message_id,
        body=info.body,
        diff=info.diff,
        files=no_files,
        raw=item.raw,
        source=item.source,
        version=item.subject.version,
        total=item.subject.total or 0,
    )


def _recorded(cover: Patch | None, patches: list[Patch]) -> tuple[str, tuple[str, ...]]:
    """The base that the cover records, or else the first patch (where format-patch puts it)."""
    for mail in (cover, patches[0] if patches else None):
        if mail:
            base, prerequisites = recorded_base(mail.raw)
            if base or prerequisites:
                return base, prerequisites
    return "", ()
