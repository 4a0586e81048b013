# SPDX-License-Identifier: GPL-2.0-only
"""Rules about subject and text of a commit message."""

import re
from collections.abc import Iterator

from kpatch_tools.checks.patch_rule import Hit, PatchContext
from kpatch_tools.model.finding import Severity

FIRM, HARD, BODY = 75, 80, 75
_VERBS = (
    "add", "adjust", "allow", "apply", "avoid", "bring", "change", "check", "clarify", "clean",
    "convert", "correct", "create", "delete", "detect", "disable", "document", "drop", "enable",
    "ensure", "expand", "export", "expose", "extend", "extract", "factor", "fix", "force", "handle",
    "implement", "improve", "initialize", "introduce", "limit", "make", "mark", "merge", "modify",
    "move", "optimize", "pass", "prevent", "provide", "reduce", "refactor", "remove", "rename",
    "reorder", "replace", "report", "restore", "restrict", "return", "revert", "rework", "save", "set",
    "simplify", "skip", "split", "stop", "support", "switch", "test", "track", "turn", "update", "use",
    "validate", "wire",
)  # fmt: skip
# Also nouns, or names of tools that work: "Fixes for ..." is a heading, "Checks" may be a thing.
_NOUNS = frozenset((
    "adds", "fixes", "changes", "checks", "drops", "limits", "marks", "reports", "returns", "sets",
    "stops", "tests", "tracks", "uses", "updates",
))  # fmt: skip
# At the start of a sentence only: "with this patch applied" is no description.
_THIS = re.compile(
    r"(?:^|[.!?:;]\s+)This (?:patch|commit|change|changeset|series) (?:also |just |simply |will )?"
    r"(?P<verb>[a-z]{2,}(?:s|es|ed)|[a-z]+ing|adds?|fix|make|move|remove|introduce|implement)\b",
)
_IS = frozenset((
    "is", "was", "has", "does", "depends", "applies", "builds", "needs", "requires", "breaks",
    "assumes", "relies",
))  # fmt: skip
_LOG = re.compile(r"^\s*(?:\[\s*\d+\.\d+\]|>|\||[+@-]\S|Call Trace|BUG:|WARNING:|RIP:|Code:|#|\$ )")
_COMMIT = re.compile(r"\b[0-9a-f]{8,40}\b \(\"|^\s*commit [0-9a-f]{8,40}\b", re.IGNORECASE)


def _forms(verb: str) -> tuple[str, str, str]:
    """Third person, past and -ing form of a regular verb; irregular ones have their own entry."""
    irregular = {
        "bring": ("brings", "brought", "bringing"),
        "make": ("makes", "made", "making"),
        "set": ("sets", "set", "setting"),
        "split": ("splits", "split", "splitting"),
    }
    if verb in irregular:
        return irregular[verb]
    if verb.endswith("e"):
        return f"{verb}s", f"{verb}d", f"{verb[:-1]}ing"
    if verb.endswith("y"):
        return f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing"
    if verb in {"drop", "skip", "stop", "submit", "permit"}:
        return f"{verb}s", f"{verb}{verb[-1]}ed", f"{verb}{verb[-1]}ing"
    if verb.endswith(("x", "ss", "sh", "ch")):
        return f"{verb}es", f"{verb}ed", f"{verb}ing"
    return f"{verb}s", f"{verb}ed", f"{verb}ing"


def subject_length(context: PatchContext) -> Iterator[Hit]:
    """A subject that is longer than 75 characters, or than 80, where it is a warning.

    `git log --oneline`, mail readers and web pages cut a longer one.

    Bad:  KVM: x86: Add a very long explanation of a change that could have been told in the text below it
    Good: KVM: x86: Tell the rest in the text

    Source: Documentation/process/submitting-patches.rst, "The canonical patch format" (70-75);
    Documentation/process/maintainer-kvm-x86.rst, "Shortlog" (75 firm, 80 hard).
    """
    profile = context.profile
    firm, hard = (profile.shortlog.firm, profile.shortlog.hard) if profile else (FIRM, HARD)
    length = len(context.message.subject)
    if length > firm:
        yield Hit(
            text=f"the subject has {length} characters: {context.message.subject[:60]}...",
            hint=f"at most {firm}, never more than {hard}",
            severity=Severity.WARNING if length > hard else Severity.NOTE,
        )


def imperative(context: PatchContext) -> Iterator[Hit]:
    """A subject or text that tells what the patch did instead of what is to be done.

    A commit is an order to the code base: applied, it does what its subject says. Only verbs that stand
    first in the summary are looked at, and "This patch adds ..." in the text.

    Bad:  KVM: x86: Added a helper
    Bad:  This patch adds a helper.
    Good: KVM: x86: Add a helper

    Source: Documentation/process/submitting-patches.rst, "Describe your changes";
    Documentation/process/maintainer-kvm-x86.rst, "Changelog".
    """
    words = context.message.subject.rpartition(": ")[2].split()
    first = words[0].lower() if words else ""
    for verb in _VERBS:
        if first in _forms(verb) and first != verb and not (first in _NOUNS and _heading(words)):
            yield Hit(
                text=f'the subject is not in the imperative: "{words[0]}"', hint=f'"{verb.capitalize()} ..."'
            )
            break
    ended = True
    for number, line in context.message.prose:
        found = _THIS.search(line)
        begins = found is not None and (found.start() > 0 or ended)
        ended = not line.strip() or line.rstrip().endswith((".", "!", "?", ":", ";"))
        if found and begins and found["verb"] not in _IS:
            yield Hit(
                text=f'the text describes the patch instead of the change: "{found[0].lstrip(".!?:; ")}"',
                hint='give the order instead: "Add ...", "Remove ..."',
                detail=f"message line {number}: {line}",
            )
            break


def _heading(words: list[str]) -> bool:
    return len(words) < 2 or words[1].lower() in {"for", "from", "in", "of", "on", "to", "and"}


def body_width(context: PatchContext) -> Iterator[Hit]:
    """Text of a commit message that is wider than 75 columns.

    `git log` indents it by four. Lines that lose by wrapping are free: tags, addresses of web pages, logs,
    tables and quoted text (indented, or with a time stamp or a > in front), commits with their subjects,
    and single long words.

    Bad:  a paragraph in one line
    Good: the paragraph wrapped at 75 columns

    Source: Documentation/process/submitting-patches.rst, "The canonical patch format".
    """
    wide = [
        (number, line)
        for number, line in context.message.prose
        if len(line.expandtabs()) > BODY and not _free(line)
    ]
    if wide:
        number, line = wide[0]
        more = f" and {len(wide) - 1} more" if len(wide) > 1 else ""
        yield Hit(
            text=f'wider than {BODY} columns: "{line[:40]}..." ({len(line.expandtabs())}){more}',
            hint=f"wrap the text at {BODY} columns; indent what must not be wrapped",
            detail=f"message line {number}: {line[:200]}",
        )


def _free(line: str) -> bool:
    longest = max((len(word) for word in line.split()), default=0)
    return (
        line.startswith((" ", "\t"))
        or "://" in line
        or longest > BODY - 20
        or bool(_LOG.match(line) or _COMMIT.search(line))
    )


def empty(context: PatchContext) -> Iterator[Hit]:
    """A patch without a word of explanation below its subject.

    The subject says what; the text must say why. Reviewers ask for it on every list.

    Bad:  a subject and a Signed-off-by
    Good: at least a sentence that says why

    Source: Documentation/process/submitting-patches.rst, "Describe your changes".
    """
    if not any(line.strip() for _number, line in context.message.prose):
        yield Hit(text=f'no description below the subject "{context.message.subject[:60]}"', hint="say why")


def cut(context: PatchContext) -> Iterator[Hit]:
    """Text that git does not take into the commit because the message ends before it.

    git ends a message at a line of three dashes, and at "diff -", "Index: " and "--- name" too, so a quoted
    diff cuts it. What follows is lost without a word, sign-off included.

    Bad:  --- a/file in the middle of the text
    Good: the quoted diff indented by two blanks

    Source: git-am(1), "DISCUSSION"; builtin/mailinfo.c of git, patchbreak().
    """
    message = context.message
    lost = next((line for line in message.below if line.lower().startswith("signed-off-by:")), "")
    signed = any(item.name == "signed-off-by" for item in (*message.trailers, *message.strays))
    if message.cut_at:
        yield Hit(
            text=f'git ends the commit message at "{message.cut_at[:60]}"',
            hint="indent quoted diffs; the message must end with a line of three dashes",
            severity=Severity.ERROR if lost and not signed else None,
        )
    elif lost and not signed:
        yield Hit(
            text=f'the sign-off stands below the line of three dashes and is lost: "{lost[:60]}"',
            hint="tags belong above the three dashes",
            severity=Severity.ERROR,
        )
