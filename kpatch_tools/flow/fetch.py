# SPDX-License-Identifier: GPL-2.0-only
"""Series that are not on this disk as mails: threads that b4 fetches, commits that git formats."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kpatch_tools.errors import UserError
from kpatch_tools.parse.mail import read_envelope
from kpatch_tools.parse.thread import Choice, Posting, postings, read_choice
from kpatch_tools.tools import b4, gitrun, mailbox
from kpatch_tools.tools.git import Repository

MAX_LINKS = 6
_ID = re.compile(r"^<?([^\s<>@]+@(?!v\d{1,4}(?:\+v\d{1,4})?$)[^\s<>@]+)>?$")
_CHOSEN = re.compile(r"^(.+)@((?:v\d{1,4}\+)?v\d{1,4})$")
_LINK = re.compile(rb"https?://[^\s/<>]+/[^\s<>@]*?([^\s/<>@]+(?:@|%40)[^\s/<>@]+)")
_FILE = (*mailbox.PATCH_SUFFIXES, ".gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeMails:
    """The commits of a range as mails, the range's name, and remarks for the reader."""

    mails: tuple[mailbox.RawMail, ...]
    name: str
    notes: tuple[str, ...]


def as_message_id(spec: str) -> tuple[str, Choice | None]:
    """The Message-ID that ``spec`` is, without angle brackets, and the choice behind it; "" if it is none.

    An archive's address of a mail (https://lore.kernel.org/kvm/ID/) stands for the mail's Message-ID.
    """
    word, choice = spec.strip(), None
    if (match := _CHOSEN.match(word)) and (_ID.match(match[1]) or "://" in match[1]):
        word, choice = match[1], read_choice(match[2])
    if "://" in word:
        parts = [unquote(part) for part in urlsplit(word).path.split("/")]
        word = next((part for part in parts if _ID.match(part)), "")
    found = _ID.match(word)
    if not found or word.startswith(("/", "./", "../", "~")) or word.endswith(_FILE):
        return "", None
    return found[1], choice


def fetch_mails(message_id: str, version: int = 0) -> tuple[mailbox.RawMail, ...]:
    """The mails of a thread, fetched by b4; with ``version`` those of the thread that holds that version.

    b4 finds newer versions by change-id or subject. An older one is looked for in the thread itself and
    behind the links of the cover letter, where authors put them. Raises UserError when there is no such mail
    or version, EnvironmentFault when the archive cannot be asked.
    """
    mails = _split(b4.fetch_thread(message_id), message_id)
    if not version:
        return mails
    known = _versions(mails)
    if version in known:
        return mails
    if known and version > max(known):
        mails = _split(b4.fetch_thread(message_id, newer=True), message_id)
        if version in _versions(mails):
            return mails
    else:
        links = _links(mails)
        for link in links[:MAX_LINKS]:
            older = _follow(link)
            if version in _versions(older):
                return older
    there = ", ".join(f"v{number}" for number in sorted(_versions(mails))) or "no patch"
    raise UserError(
        f"{message_id}: v{version} was not found; its thread holds {there}",
        cure=f"name a mail of v{version} by its own Message-ID",
    )


def as_range(spec: str, tree: Path | None) -> tuple[str, str] | None:
    """The two commits that ``spec`` ("A..B", each side may be empty for HEAD) names in ``tree``.

    None when it is no range; a Message-ID with two dots in it is one only when no such commits are there.
    Raises UserError for a range when there is no tree or no such commit.
    """
    first, dots, last = spec.partition("..")
    if not dots:
        return None
    may_be_id = bool(as_message_id(spec)[0])
    if last.startswith("."):
        if may_be_id:
            return None
        raise UserError(f"{spec}: a symmetric range is no series", cure=f"write {first}..{last[1:]}")
    try:
        source = _repository(tree)
        return source.resolve(first or "HEAD"), source.resolve(last or "HEAD")
    except UserError:
        if may_be_id:
            return None
        raise


def range_mails(first: str, last: str, tree: Path | None) -> RangeMails:
    """The commits first..last as `git format-patch` writes them, the base recorded.

    What the repository's configuration would change (prefixes, attachments, signatures) is switched off.
    Raises UserError for an empty range and for one with merges, which mails cannot carry.
    """
    source = _repository(tree)
    merges = source.ask("rev-list", "--merges", "--max-count=3", f"{first}..{last}").text.split()
    if merges:
        raise UserError(
            f"the range holds merges ({', '.join(name[:12] for name in merges)}), which no patch can carry",
            cure="name a range without merges",
        )
    count = int(source.ask("rev-list", "--count", f"{first}..{last}").text)
    label = f"{first[:12]}..{last[:12]}"
    if not count:
        raise _empty(source, first, last)
    if count > mailbox.MAX_MAILS:
        raise UserError(
            f"{label}: {count} commits, more than one series has",
            cure=f"git -C {source.path} log --oneline {label} shows where yours begins",
        )
    base = source.run("merge-base", first, last).text.strip()
    with gitrun.scratch() as folder:
        source.ask(
            "-c", "format.pretty=email", "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false",
            "-c", "i18n.logOutputEncoding=UTF-8", "-c", "diff.suppressBlankEmpty=false",
            "format-patch", "--quiet", "--no-numbered", "--binary", "--full-index", "-M", "--no-signature",
            "--subject-prefix=PATCH", "--no-attach", "--no-thread", "--no-cover-letter", "--no-notes",
            "--no-to", "--no-cc", "--no-add-header", "--no-ext-diff", "--no-textconv", "--no-color",
            "--src-prefix=a/", "--dst-prefix=b/", "--suffix=.patch", "--no-signoff", "--no-from",
            f"--base={base}", f"--output-directory={folder}", f"{first}..{last}",
            what=f"cannot format the commits {label}",
        )  # fmt: skip
        # A commit that changes nothing leaves an empty file.
        files = [path for path in sorted(folder.glob("*.patch")) if path.stat().st_size]
        mails = tuple(
            mailbox.RawMail(raw=path.read_bytes(), source=f"{label}: patch {at}")
            for at, path in enumerate(files, 1)
        )
    empty = count - len(mails)
    words = (
        "1 commit of the range changes nothing and is"
        if empty == 1
        else f"{empty} commits of the range change nothing and are"
    )
    notes = (f"{words} left out",) if empty else ()
    return RangeMails(mails=mails, name=label, notes=notes)


def _empty(source: Repository, first: str, last: str) -> UserError:
    """What is wrong with a range without commits."""
    label = f"{first[:12]}..{last[:12]}"
    if first == last:
        message = f"{label}: both ends are the same commit, so there are no patches"
        return UserError(message, cure=f"begin before the first patch: {first[:12]}~3..{last[:12]} has three")
    back = int(source.ask("rev-list", "--count", f"{last}..{first}").text)
    return UserError(
        f"{label}: no patches; {last[:12]} comes {back} commits before {first[:12]}",
        cure=f"the other way round: {last[:12]}..{first[:12]}",
    )


def _repository(tree: Path | None) -> Repository:
    return Repository.open(tree) if tree else Repository.discover(Path.cwd())


def _follow(link: str) -> tuple[mailbox.RawMail, ...]:
    """The thread behind a link of a cover letter; nothing when the archive does not know it."""
    try:
        return _split(b4.fetch_thread(link), link)
    except UserError:
        return ()


def _split(data: bytes, source: str) -> tuple[mailbox.RawMail, ...]:
    return mailbox.read_bytes(data, source)


def _found(mails: tuple[mailbox.RawMail, ...]) -> tuple[Posting, ...]:
    every = (read_envelope(mail.raw, mail.source) for mail in mails)
    return postings(
        item
        for item in every
        if not item.subject.is_reply and (item.subject.is_patch or item.subject.number is not None)
    )


def _versions(mails: tuple[mailbox.RawMail, ...]) -> frozenset[int]:
    return frozenset(mail.subject.version for item in _found(mails) for mail in (*item.mails, *item.rerolled))


def _links(mails: tuple[mailbox.RawMail, ...]) -> list[str]:
    """Message-IDs that covers and first patches link to, in order, those of the thread left out."""
    every = [read_envelope(mail.raw, mail.source) for mail in mails]
    own = {item.message_id for item in every}
    found = [
        unquote(link.decode("ascii", "replace"))
        for item in every
        if not item.subject.is_reply and item.subject.number in (0, 1, None)
        for link in _LINK.findall(item.raw)
    ]
    return [link for link in dict.fromkeys(found) if link not in own and _ID.match(link)]
