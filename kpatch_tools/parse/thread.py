# SPDX-License-Identifier: GPL-2.0-only
"""Which of a thread's mails were posted together: several versions or series may lie in one mailbox."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kpatch_tools.errors import UserError
from kpatch_tools.parse.mail import Envelope

_CHOICE = re.compile(r"^(?:v(\d{1,4})\+)?v(\d{1,4})$")
_ID = re.compile(r"^<?([^\s<>@]+@[^\s<>@]+)>?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which posting is meant: by version (0 for any), or by the Message-ID of one of its mails.

    ``onto`` is the version that a partial reroll replaces patches of ("v1+v2"), 0 for none.
    """

    version: int = 0
    message_id: str = ""
    onto: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Mails that were posted together: covers and patches, replies left out.

    ``rerolled`` holds the mails of a partial reroll that replace some of ``mails`` (same number).
    """

    version: int
    mails: tuple[Envelope, ...]
    rerolled: tuple[Envelope, ...] = ()

    @property
    def title(self) -> str:
        """The subject of the cover, or else of the first patch."""
        first = min(self.mails, key=lambda mail: mail.subject.number or 0)
        return first.subject.text

    @property
    def message_id(self) -> str:
        """The Message-ID of the cover, or else of the first patch."""
        return min(self.mails, key=lambda mail: mail.subject.number or 0).message_id

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of the patches that are there."""
        every = (mail.subject.number for mail in self.mails)
        return frozenset(number for number in every if number)

    @property
    def total(self) -> int:
        """How many patches the subjects announce at most."""
        return max((mail.subject.total or 0 for mail in self.mails), default=0)

    @property
    def whole(self) -> bool:
        """Every announced number is there."""
        return bool(self.total) and self.numbers == frozenset(range(1, min(self.total, 10_000) + 1))

    def __str__(self) -> str:
        patches = sum(1 for mail in self.mails if mail.subject.number != 0)
        identity = f" <{self.message_id}>" if self.message_id else ""
        return f"v{self.version} {self.title!r}, {patches} patches{identity}"


def read_choice(word: str) -> Choice:
    """A choice as the user writes it: "v2", "v1+v2" or a Message-ID. Raises UserError for anything else."""
    if match := _CHOICE.match(word):
        return Choice(version=int(match[2]), onto=int(match[1] or 0))
    if match := _ID.match(word):
        return Choice(message_id=match[1])
    raise UserError(
        f"{word[:200]!r} names no version and no mail", cure="write FILE@v2, or FILE@ and a Message-ID"
    )


def postings(mails: Iterable[Envelope]) -> tuple[Posting, ...]:
    """Sort covers and patches into postings, oldest version first; a partial reroll is joined to its base.

    Mails belong together when they have one version and hang together by In-Reply-To or References. Mails
    without threading join the one cover of their version (and count). Postings of one version, title
    and count are one: a resend. Never raises.
    """
    every = list(mails)
    groups: dict[tuple[int, int], list[Envelope]] = {}
    for at, anchor in enumerate(_anchors(every)):
        groups.setdefault((every[at].subject.version, anchor), []).append(every[at])
    made = [
        Posting(version=version, mails=tuple(group)) for (version, _anchor), group in sorted(groups.items())
    ]
    return _with_rerolls(_resends_joined([part for item in made for part in _split_whole(item)]))


def chosen(found: tuple[Posting, ...], choice: Choice, replies: Iterable[Envelope] = ()) -> Posting:
    """The posting that is meant; a reply's Message-ID stands for the posting that it answers.

    Raises UserError listing what is there when none or several fit.
    """
    if choice.onto:
        return _joined(found, choice)
    fits = [item for item in found if not choice.version or item.version == choice.version]
    if not fits:
        fits = [
            Posting(version=item.version, mails=item.mails)
            for item in found
            if item.rerolled and item.mails[0].subject.version == choice.version
        ]
    if choice.message_id:
        wanted = {choice.message_id}
        for reply in replies:
            if reply.message_id == choice.message_id:
                wanted |= {reply.in_reply_to, *reply.references}
        direct = [item for item in fits if _has(item, {choice.message_id})]
        fits = direct or [item for item in fits if _has(item, wanted)]
    if len(fits) == 1:
        return fits[0]
    what = f"v{choice.version}" if choice.version else f"the mail <{choice.message_id}>"
    listing = "".join(f"\n{item}" for item in found)
    if fits:
        raise UserError(
            f"{what} is there {len(fits)} times:{listing}", cure="choose by Message-ID: FILE@MESSAGE-ID"
        )
    raise UserError(f"{what} is not there; there is:{listing or ' no patch'}", cure="name one of these")


def may_replace(newer: Posting, older: Posting) -> bool:
    """Whether ``newer`` may be a partial reroll of ``older``: not whole, same count, and in its thread."""
    if newer.rerolled or newer.version <= older.version or newer.whole or newer.total != older.total:
        return False
    ids = {mail.message_id for mail in older.mails if mail.message_id}
    return all(ids & {mail.in_reply_to, *mail.references} for mail in newer.mails)


def _has(posting: Posting, ids: set[str]) -> bool:
    return any(mail.message_id in ids for mail in (*posting.mails, *posting.rerolled) if mail.message_id)


def _joined(found: tuple[Posting, ...], choice: Choice) -> Posting:
    older = chosen(found, Choice(version=choice.onto))
    newer = chosen(found, Choice(version=choice.version))
    if newer.rerolled:
        return newer
    return Posting(version=choice.version, mails=older.mails, rerolled=newer.mails)


def _anchors(every: list[Envelope]) -> list[int]:
    """For each mail the place of the mail that its posting hangs from; -1 for loose mails."""
    places = {mail.message_id: at for at, mail in enumerate(every) if mail.message_id}
    above: list[int] = []
    for at, mail in enumerate(every):
        links = [places[name] for name in (mail.in_reply_to, *reversed(mail.references)) if name in places]
        same = [link for link in links if every[link].subject.version == mail.subject.version and link != at]
        covers = [link for link in same if every[link].subject.number == 0]
        above.append(-1 if mail.subject.number == 0 else covers[0] if covers else same[0] if same else -1)
    named = set(above)
    heads = [
        at
        for at, mail in enumerate(every)
        if mail.subject.number == 0 or (mail.subject.number == 1 and above[at] < 0 and at in named)
    ]
    anchors = []
    for at in range(len(every)):
        seen = {at}
        top = at
        while above[top] >= 0 and above[top] not in seen:
            top = above[top]
            seen.add(top)
        anchors.append(top if top in heads else _head_for(every, heads, at))
    return anchors


def _head_for(every: list[Envelope], heads: list[int], at: int) -> int:
    """The one cover or first patch that a mail without threading can belong to, -1 if none or several."""
    subject = every[at].subject
    mine = [head for head in heads if every[head].subject.version == subject.version]
    counted = [head for head in mine if every[head].subject.total == subject.total]
    if len({every[head].subject.text for head in mine}) == 1:
        return mine[-1]
    return counted[0] if len(counted) == 1 else -1


def _split_whole(posting: Posting) -> list[Posting]:
    """Series without covers are told apart by their counts, when each is whole by itself."""
    totals = {mail.subject.total for mail in posting.mails}
    if len(totals) < 2 or any(mail.subject.number == 0 for mail in posting.mails):
        return [posting]
    parts = [
        Posting(
            version=posting.version,
            mails=tuple(mail for mail in posting.mails if mail.subject.total == total),
        )
        for total in sorted(totals, key=lambda total: total or 0)
    ]
    return parts if all(part.whole for part in parts) else [posting]


def _resends_joined(found: list[Posting]) -> list[Posting]:
    joined: dict[tuple[int, str, int], Posting] = {}
    for item in found:
        key = (item.version, item.title, item.total)
        before = joined.get(key)
        mails = (*before.mails, *item.mails) if before else item.mails
        joined[key] = Posting(version=item.version, mails=mails)
    return list(joined.values())


def _with_rerolls(found: list[Posting]) -> tuple[Posting, ...]:
    """Join a posting to the older one that it replaces single patches of, each in reply to its own number."""
    result: list[Posting] = []
    for item in found:
        base = next((older for older in reversed(result) if _replaces(item, older)), None)
        if base is None:
            result.append(item)
            continue
        result[result.index(base)] = Posting(
            version=item.version, mails=base.mails, rerolled=(*base.rerolled, *item.mails)
        )
    return tuple(result)


def _replaces(newer: Posting, older: Posting) -> bool:
    if newer.version <= older.version or newer.whole or newer.total != older.total:
        return False
    numbers = {mail.message_id: mail.subject.number for mail in (*older.mails, *older.rerolled)}
    return all(
        mail.subject.number and _answered(mail, numbers) == mail.subject.number for mail in newer.mails
    )


def _answered(mail: Envelope, numbers: dict[str, int | None]) -> int | None:
    """The number of the nearest patch above a mail; a review may stand between the two."""
    above = (mail.in_reply_to, *reversed(mail.references))
    return next((numbers[name] for name in above if name and name in numbers), None)
