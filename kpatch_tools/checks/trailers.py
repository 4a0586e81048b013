# SPDX-License-Identifier: GPL-2.0-only
"""Rules about the tags at the end of a commit message."""

import re
from collections.abc import Iterator

from kpatch_tools.checks.patch_rule import Hit, PatchContext
from kpatch_tools.model.finding import Severity
from kpatch_tools.parse.message import Trailer

FIXES = re.compile(r'^(?P<id>[0-9a-f]{12,64}) \("(?P<subject>.+)"\)\s*(?:#.*)?$')
_URL = re.compile(r"^<?https?://[^\s<>]+>?(?:\s+#?\s*\[?\w.*)?$")
_RELAY = ("devnull+", "noreply")
# The part of the order about which no list disagrees; reviews and acks come in the order of their arrival.
_ORDER = {"fixes": 0, "reported-by": 1, "suggested-by": 2, "co-developed-by": 3, "signed-off-by": 4}


def fixes_form(context: PatchContext) -> Iterator[Hit]:
    """A Fixes: tag that is not 12 or more digits of the commit id and its subject in ("...").

    Stable trees and scripts read the tag; a short id becomes ambiguous, and without the subject a wrong id
    cannot be told.

    Bad:  Fixes: a1b2c3d KVM: x86: Add a bug
    Good: Fixes: a1b2c3d4e5f6 ("KVM: x86: Add a bug")

    Source: Documentation/process/submitting-patches.rst, "Describe your changes".
    """
    for tag in _named(context, "fixes"):
        if not FIXES.match(tag.value):
            yield Hit(
                text=f'malformed tag "{tag.tag}: {tag.value[:80]}"',
                hint="git log -1 --abbrev=12 --format='Fixes: %h (\"%s\")' COMMIT",
            )


def fixes_commit(context: PatchContext) -> Iterator[Hit]:
    """A Fixes: tag whose commit is not in the history, or has another subject there.

    A rebased or mistyped id leads every backport astray. Only judged where the tree has history.

    Bad:  Fixes: 000000000001 ("KVM: x86: Never was")
    Good: the id and subject as `git log` shows them

    Source: Documentation/process/submitting-patches.rst, "Describe your changes".
    """
    for tag in _named(context, "fixes"):
        match = FIXES.match(tag.value)
        if not match or match["id"] not in context.commits:
            continue
        there = context.commits[match["id"]]
        if not there:
            yield Hit(text=f'no commit {match["id"]} ("{match["subject"][:60]}") in the history of the base')
        elif " ".join(there.split()) != " ".join(match["subject"].split()):
            yield Hit(
                text=f"the subject in Fixes: {match['id']} is not the commit's",
                detail=f"tag:    {match['subject']}\ncommit: {there}",
                hint=f'Fixes: {match["id"]} ("{there}")',
            )


def link_form(context: PatchContext) -> Iterator[Hit]:
    """A Link: or Closes: tag that holds no address of a web page.

    Bots follow these tags; a bare Message-ID or bug number leads nowhere.

    Bad:  Closes: bug 12345
    Good: Closes: https://bugzilla.kernel.org/show_bug.cgi?id=12345

    Source: Documentation/process/submitting-patches.rst, "Describe your changes".
    """
    for tag in _named(context, "link", "closes"):
        if not _URL.match(tag.value):
            yield Hit(
                text=f'no web address in "{tag.tag}: {tag.value[:80]}"',
                hint="https://lore.kernel.org/r/MESSAGE-ID for a mail",
            )


def one_block(context: PatchContext) -> Iterator[Hit]:
    """A tag that stands in the text instead of in the last block.

    git and b4 read only the last paragraph: tags above it are text to them and get lost. Cc: and Link: may
    stand in a text.

    Bad:  a Fixes: line, an empty line, then a Signed-off-by: line
    Good: all tags in one paragraph at the end

    Source: git-interpret-trailers(1); Documentation/process/maintainer-tip.rst, "Ordering of commit tags".
    """
    for tag in context.message.strays:
        if tag.name not in {"cc", "link"}:
            yield Hit(
                text=f'"{tag.tag}: {tag.value[:60]}" stands apart from the tags at the end',
                hint="put all tags into one paragraph at the end",
                detail=f"message line {tag.line}",
            )


def order(context: PatchContext) -> Iterator[Hit]:
    """A tag that stands before one that ought to come first.

    What is fixed and who reported it come before who wrote and who handled the patch, so that the sign-offs
    read as its way. Only tags about which all lists agree are looked at.

    Bad:  Signed-off-by: ..., then Fixes: ...
    Good: Fixes, Reported-by, Suggested-by, Co-developed-by, Signed-off-by

    Source: Documentation/process/maintainer-tip.rst, "Ordering of commit tags".
    """
    ranked = [tag for tag in context.message.trailers if tag.name in _ORDER]
    signed = [tag for tag in ranked if tag.name == "signed-off-by"]
    for tag in ranked:
        # A co-author's sign-off stands in the middle and says nothing.
        after = [one for one in ranked if one.line < tag.line and _ORDER[one.name] > _ORDER[tag.name]]
        before_all = tag.name in {"fixes", "reported-by"} or all(one.line < tag.line for one in signed)
        if after and before_all:
            yield Hit(text=f'"{tag.tag}: {tag.value[:60]}" stands after "{after[0].tag}:"')
            return


def sign_off(context: PatchContext) -> Iterator[Hit]:
    """A patch whose author, or whose sender, has not signed it off.

    The sign-off is the certificate of origin, and nobody can give it for somebody else. The last one is by
    whoever sent the mail. A relay's address as sender is not judged.

    Bad:  From: A; Signed-off-by: B
    Good: From: A; Signed-off-by: A; and Signed-off-by: B last, when B sends it

    Source: Documentation/process/submitting-patches.rst, "Sign your work".
    """
    message, author = context.message, context.patch.author
    signed = [tag for tag in (*message.strays, *message.trailers) if tag.name == "signed-off-by"]
    addresses = [tag.address for tag in signed]
    names = {tag.value.partition("<")[0].strip().lower() for tag in signed}
    if not signed:
        yield Hit(text=f"no Signed-off-by at all; the author is {author}", severity=Severity.ERROR)
        return
    mine = author.email.lower()
    if mine not in addresses:
        # The same person under another address is a slip, not a missing certificate.
        known = author.name.lower() in names
        yield Hit(
            text=f"no Signed-off-by of the author {author}",
            hint="the same name signs with another address" if known else "",
            severity=Severity.WARNING if known else Severity.ERROR,
        )
    sender = message.sender
    relayed = not sender or sender.startswith(_RELAY) or sender == mine
    if not relayed and addresses[-1] != sender and sender not in addresses:
        yield Hit(
            text=f"sent by {sender}, who has not signed it off", hint="the sender's Signed-off-by comes last"
        )


def _named(context: PatchContext, *names: str) -> Iterator[Trailer]:
    for tag in (*context.message.strays, *context.message.trailers):
        if tag.name in names:
            yield tag
