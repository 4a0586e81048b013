# SPDX-License-Identifier: GPL-2.0-only
"""Replies to a series, as an mbox for the user to read, to change and to send; kvet never sends any."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kpatch_tools.errors import ToolkitError, UserError
from kpatch_tools.flow.base import apply_to
from kpatch_tools.flow.prepare import series_id
from kpatch_tools.flow.reading import read_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.reply import Reply
from kpatch_tools.model.report import Report
from kpatch_tools.model.series import Applied, Patch, Person, Series
from kpatch_tools.parse.correspondents import Correspondents, distinct, is_address, read_correspondents
from kpatch_tools.parse.mail import read_envelope
from kpatch_tools.parse.origins import Origins
from kpatch_tools.render import mail
from kpatch_tools.render.placing import Placed, Placing, placed
from kpatch_tools.render.reply import attribution, closing, cover_text, debts, patch_text, signed, unproven
from kpatch_tools.tools import mailbox
from kpatch_tools.tools.files import write_atomic
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.identity import user
from kpatch_tools.tools.kept import store_for

SERIES, REPLY = "series.mbox", "reply.mbox"
_RE = re.compile(r"^re:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """Mails in the order of the series; ``notes`` say what they lack and why."""

    mails: tuple[Reply, ...]
    notes: tuple[str, ...] = ()

    @property
    def mbox(self) -> bytes:
        """All mails as one mailbox, b"" for none."""
        return mailbox.as_mbox(tuple(mailbox.RawMail(raw=mail.render(one), source="") for one in self.mails))


def leave(
    folder: Path, series: Series, report: Report, *, applied: Applied | None, store: Repository
) -> Replies:
    """Keep the series as ``folder``/series.mbox and write the replies to ``folder``/reply.mbox.

    Without anything to say there is no reply.mbox. Nothing is raised for what keeps the replies from being
    written (no identity of the user, say): ``notes`` say it.
    """
    every = tuple(one for one in (series.cover, *series.patches) if one)
    mails = tuple(mailbox.RawMail(raw=one.raw, source=one.source) for one in every)
    write_atomic(folder / SERIES, mailbox.as_mbox(mails))
    try:
        origins = _origins(series, report, store, applied.commits if applied else ())
        sender = user(Path(report.tree.path) if report.tree else None, sends=True)
        made = replies(report, series, origins, sender=sender)
    except ToolkitError as error:
        return Replies(mails=(), notes=(f"no {REPLY}: {error.line}",))
    if made.mails:
        write_atomic(folder / REPLY, made.mbox)
    return made


def from_report(report: Report, *, folder: Path | None, spec: str | None) -> Replies:
    """The replies of a saved report; the series is ``spec``, or what its run left in ``folder``.

    Raises UserError when there is no series or another one than the report's, EnvironmentFault when git
    knows no identity of the user.
    """
    if report.series is None:
        raise UserError(
            "this report is about no series: a mail answers patches",
            cure="take the report.json of kvet review, or of kvet docs check --series",
        )
    tree = Path(report.tree.path) if report.tree else None
    series = _series(folder, spec, tree)
    same = series.message_id == report.series.message_id and len(series.patches) == report.series.patches
    if not same:
        raise UserError(
            f"the series is not that of the report: {len(series.patches)} patches of <{series.message_id}>, "
            f"the report is about {report.series.patches} of <{report.series.message_id}>",
            cure="name the series with --series",
        )
    if report.series.contents and not report.series.same_mails(series_id(series)):
        raise UserError(
            f"the mails of <{series.message_id}> say other things than those that the report is about",
            cure="name the series that was reviewed with --series, or review this one anew",
        )
    sender = user(tree, sends=True)
    note = ""
    try:
        origins = _again(series, report)
    except ToolkitError as error:
        note = f"lines are counted as the patches have them, since the tree cannot be asked: {error.message}"
        origins = Origins(series.patches)
    made = replies(report, series, origins, sender=sender)
    return Replies(mails=made.mails, notes=tuple(filter(None, (note, *made.notes)))) if made.mails else made


def replies(report: Report, series: Series, origins: Origins, *, sender: Person) -> Replies:
    """The mails from ``sender``: to the cover for what belongs to no patch, to each patch that has findings.

    Without a cover the first patch is answered for both. There are none without findings to tell: what
    did not run is no fault of the author's.
    """
    placing = placed(report, series, origins)
    if not (placing.patches or placing.loose):
        return Replies(mails=())
    work = _Work(report=report, placing=placing, origins=origins, sender=sender)
    answers = {one.patch.number: one for one in placing.patches}
    whole = bool(placing.loose or debts(report) or unproven(report) or len(placing.patches) > 1)
    mails = [work.cover(series.cover)] if series.cover and whole else []
    answered = [series.cover] if series.cover and whole else []
    for at, patch in enumerate(series.patches):
        first = whole and at == 0 and series.cover is None
        if first or patch.number in answers:
            mails.append(work.patch(patch, answers.get(patch.number), whole=first))
            answered.append(patch)
    lost = sum(read_correspondents(one.raw).unusable for one in answered)
    return Replies(mails=tuple(mails), notes=tuple(_notes(mails, lost)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What every mail of one report shares."""

    report: Report
    placing: Placing
    origins: Origins
    sender: Person

    def cover(self, cover: Patch) -> Reply:
        lines = cover_text(self.report, self.placing)
        return self._reply(cover, [*lines, "", *debts(self.report)], self.placing.untold)

    def patch(self, patch: Patch, found: Placed | None, *, whole: bool) -> Reply:
        lines: list[str] = []
        untold = 0
        if whole:
            lines += [*cover_text(self.report, self.placing), "", *debts(self.report), ""]
            untold += self.placing.untold
        if found:
            people = read_correspondents(patch.raw)
            who = people.sender or patch.author
            said = attribution(who.name or who.email, people.date)
            lines += patch_text(found, self.origins.lines(patch.number), said=said)
            untold += found.untold
        return self._reply(patch, lines, untold)

    def _reply(self, patch: Patch, lines: list[str], untold: int) -> Reply:
        envelope = read_envelope(patch.raw, patch.source)
        title = " ".join(envelope.title.split())
        subject = title if _RE.match(title) else f"Re: {title}"
        parent = envelope.message_id if mail.is_id(envelope.message_id) else ""
        above = dict.fromkeys((*envelope.references, envelope.in_reply_to))
        to, cc = _addressed(read_correspondents(patch.raw), patch.author, self.sender)
        body = "\n".join(signed(lines, closing(self.report, untold))) + "\n"
        return Reply(
            sender=self.sender,
            to=to,
            cc=cc,
            subject=subject,
            date=_date(self.report),
            message_id=_new_id(self.sender, parent, subject, body),
            in_reply_to=parent,
            references=(*(one for one in above if mail.is_id(one)), parent) if parent else (),
            body=body,
        )


def _addressed(
    mail_people: Correspondents, author: Person, sender: Person
) -> tuple[tuple[Person, ...], tuple[Person, ...]]:
    """To and Cc of a reply to all (RFC 5322, 3.6.2 and 3.6.3), without the user.

    An answer to a mail of the user's own goes where that went.
    """
    writers = mail_people.reply_to or tuple(filter(None, (mail_people.sender,)))
    to = distinct(writers, without=(sender,))
    others = (*mail_people.to, *mail_people.cc)
    if (
        is_address(author.email)
        and mail_people.sender
        and author.email.lower() != mail_people.sender.email.lower()
    ):
        others = (author, *others)
    if not to:
        to = distinct(mail_people.to, without=(sender,)) or distinct(writers)
    return to, distinct(others, without=(sender, *to))


def _date(report: Report) -> datetime:
    """When the run began, so that the same report gives the same mails; now where that is not known."""
    try:
        return datetime.fromisoformat(report.started).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)


def _new_id(sender: Person, parent: str, subject: str, body: str) -> str:
    """A Message-ID that the same mail has again: made twice it is one mail, edited it can get another."""
    text = f"{sender.email}\0{parent}\0{subject}\0{body}"
    key = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{key[:24]}.kvet@{sender.email.rpartition('@')[2]}"


def _notes(mails: list[Reply], lost: int) -> Iterator[str]:
    """What the mails lack because those that they answer lack it; ``lost`` counts unusable addresses."""
    if not mails:
        yield "no mail was written: the series has none that could be answered"
    if lost:
        yield f"{lost} of the addresses in the patches cannot be written to, and are left out"
    if loose := [one.subject for one in mails if not one.in_reply_to]:
        count = "1 mail answers" if len(loose) == 1 else f"{len(loose)} mails answer"
        yield (
            f'{count} none ("{loose[0][:60]}"), since the patch has no Message-ID that can be named: '
            "it begins a thread of its own"
        )
    if any(not one.to for one in mails):
        yield "a mail without a recipient: the patch names nobody that a mail can be sent to"
    elif mails and not any(one.cc for one in mails):
        yield "the mails go to the author alone: the patches have nobody else in To and Cc"


def _series(folder: Path | None, spec: str | None, tree: Path | None) -> Series:
    if spec:
        return load_series(spec, tree=tree if tree and tree.is_dir() else None)
    kept = folder / SERIES if folder else None
    if kept is None or not kept.is_file():
        where = f" in {folder}" if folder else ""
        raise UserError(f"there is no {SERIES}{where}", cure="name the series: --series SPEC")
    return read_series(mailbox.read_file(kept), SERIES, ordered=True)


def _again(series: Series, report: Report) -> Origins:
    """Origins of a saved report: the series is applied once more, to what it was applied to then."""
    if report.tree is None or not report.tree.base:
        raise UserError("the report names no tree", cure="take the report.json of kvet review")
    tree = Path(report.tree.path)
    objects = store_for(tree)
    applied, _base = apply_to(series, tree=tree, onto=report.tree.base, objects=objects)
    if report.tree.head and applied.head != report.tree.head:
        raise UserError(
            f"{tree}: the series does not apply as it did", cure="review it anew: kvet review SERIES"
        )
    return _origins(series, report, Repository.open(objects), applied.commits)


def _origins(series: Series, report: Report, store: Repository, commits: tuple[str, ...]) -> Origins:
    """The way from lines of the tree to those of the patches, with the files that findings are about."""
    if len(commits) != len(series.patches):
        return Origins(series.patches)
    wanted = {one.location.path for one in report.findings if one.location and one.location.line}
    names = [
        (patch.number, path, f"{commit}:{path}")
        for patch, commit in zip(series.patches, commits, strict=True)
        for path in sorted({path for change in patch.files for path in change.paths} & wanted)
    ]
    blobs = store.read_objects(name for _number, _path, name in names)
    files = {
        (number, path): blob.data.decode("utf-8", "surrogateescape").split("\n")
        for (number, path, _name), blob in zip(names, blobs, strict=True)
        if blob
    }
    return Origins(series.patches, files)
