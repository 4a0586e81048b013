# SPDX-License-Identifier: GPL-2.0-only
"""A diff as a mail carries it: which files it touches, how, and where its hunks are.

git decides what applies; this reader says which paths to prepare for it and names the hunk that git
refuses. The caller holds its answer against `git apply --numstat`. The form is that of git-diff(1)
"Generating patch text with -p", and plain unified diffs with ---/+++ lines.
"""

import itertools
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kpatch_tools.errors import UserError
from kpatch_tools.model.series import FileChange

_HUNK = re.compile(r"^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_INDEX = re.compile(r"^index ([0-9a-f]{7,64})\.\.([0-9a-f]{7,64})(?: [0-7]{6})?$")
_LINK_MODE = re.compile(r"^(?:new file mode|new mode|index \S+) 120000$")
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_NO_FILE = "/dev/null"
_EXTENDED = (
    "old mode ", "new mode ", "deleted file mode ", "new file mode ", "copy from ", "copy to ",
    "rename from ", "rename to ", "similarity index ", "dissimilarity index ", "index ",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """One hunk: its first old and new line, its @@ line, and the line of the diff text (from 1) it is on.

    ``length`` counts the lines of the diff text that follow the @@ line.
    """

    old_start: int
    new_start: int
    header: str
    line: int
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    """One file of a diff with its hunks, and the lines of the diff's text that it takes up (from 1).

    ``target`` is where a symbolic link that the diff makes or changes points to, "" for other files.
    """

    change: FileChange
    hunks: tuple[Hunk, ...]
    first_line: int
    last_line: int
    target: str = ""


@dataclass(slots=True)
class _Open:
    """A file while its lines are read."""

    old: str = ""
    new: str = ""
    status: str = "M"
    old_blob: str = ""
    new_blob: str = ""
    added: int = 0
    removed: int = 0
    binary: bool = False
    hunks: list[Hunk] = field(default_factory=list)
    first: int = 0
    last: int = 0
    is_link: bool = False
    target: str = ""

    def done(self) -> FileDiff:
        path = self.old if self.status == "D" else self.new or self.old
        old = self.old if self.status in ("R", "C") else path
        change = FileChange(
            path=path,
            old_path=old,
            status=self.status,
            old_blob=_blob(self.old_blob),
            new_blob=_blob(self.new_blob),
            added=self.added,
            removed=self.removed,
            binary=self.binary,
        )
        return FileDiff(
            change=change,
            hunks=tuple(self.hunks),
            first_line=self.first,
            last_line=self.last,
            target=("/" if self.binary else self.target) if self.is_link and self.status != "D" else "",
        )


def read_diff(text: str, source: str = "diff") -> tuple[FileDiff, ...]:
    """The files of a diff in order; text around them (a diffstat, a mail signature) is passed over.

    Lines end at line feeds only: a form feed or a lone carriage return is content. Raises UserError naming
    ``source`` and the line for a name that cannot be read and for a path that leaves the tree.
    """
    files = tuple(_files(text.split("\n"), source))
    for item in files:
        for path in item.change.paths:
            if reason := unsafe_path(path):
                raise UserError(
                    f"{source}: the patch names {path!r}: {reason}",
                    cure="do not apply it; ask its author",
                )
        if item.target and (reason := unsafe_link(item.change.path, item.target)):
            raise UserError(
                f"{source}: the patch makes {item.change.path!r} a link to {item.target!r}: {reason}",
                cure="do not apply it; ask its author",
            )
    return files


def unsafe_path(path: str) -> str:
    """Why a path may not be written in a kernel tree, "" when it may.

    As git's verify_path(): no absolute path, no "." or "..", nothing below a .git folder; control
    characters are refused as well, no kernel file has any.
    """
    if not path:
        return "the name is empty"
    if path.startswith("/"):
        return "an absolute path"
    if any(ord(char) < 32 or ord(char) == 127 for char in path):
        return "control characters in a name"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "a path that leaves the tree"
        if part.lower().rstrip(". ") in (".git", "git~1"):
            return "a path inside the repository's own data"
    return ""


def unsafe_link(path: str, target: str) -> str:
    """Why a symbolic link may not point there, "" when it may: a checkout would read or write outside.

    What ".." leads to after the name of another link is not for the text to say.
    """
    if target.startswith("/"):
        return "an absolute path"
    names = [part for part in target.split("/") if part not in ("", ".")]
    if ".." in itertools.dropwhile("..".__eq__, names):
        return "it climbs after a name, which may be a link itself"
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return "" if place == "." else unsafe_path(place)


def content(text: str, files: tuple[FileDiff, ...]) -> str:
    """The lines of a diff that belong to its files: what two postings of one patch have in common."""
    lines = text.split("\n")
    return "\n".join("\n".join(lines[item.first_line - 1 : item.last_line]) for item in files)


def _files(lines: list[str], source: str) -> Iterator[FileDiff]:
    at = 0
    current: _Open | None = None
    while at < len(lines):
        line = lines[at]
        plain = _starts_plain(lines, at)
        begins = line.startswith("diff --git ")
        # Inside a file that `diff --git` began, ---/+++ only repeat the names.
        if begins or (plain and (current is None or current.hunks)):
            if current:
                yield current.done()
            current = _Open(first=at + 1)
        before = at
        at += 1
        if current is None:
            continue
        if begins:
            at = _git_header(lines, before, current, source)
        elif plain:
            at = _plain_header(lines, before, current, source)
        elif (match := _HUNK.match(line)) and not current.binary:
            at = _hunk(lines, before, match, current)
        elif not current.hunks and line.startswith(("GIT binary patch", "Binary files ")):
            current.binary = True
        elif not current.binary or line == "-- " or current.last != before:
            continue
        current.last = at
    if current:
        yield current.done()


def _git_header(lines: list[str], at: int, current: _Open, source: str) -> int:
    current.old = current.new = _same_name(lines[at][len("diff --git ") :])
    at += 1
    while at < len(lines) and lines[at].startswith(_EXTENDED):
        line = lines[at].rstrip("\r")
        current.is_link = current.is_link or bool(_LINK_MODE.match(line))
        if line.startswith("deleted file mode "):
            current.status = "D"
        elif line.startswith("new file mode "):
            current.status = "A"
        elif line.startswith(("rename from ", "copy from ")):
            current.status = "R" if line.startswith("rename") else "C"
            current.old = _name(line.split(" ", 2)[2], source, at + 1)
        elif line.startswith(("rename to ", "copy to ")):
            current.new = _name(line.split(" ", 2)[2], source, at + 1)
        elif match := _INDEX.match(line):
            current.old_blob, current.new_blob = match.groups()
        at += 1
    names_follow = at < len(lines) and _starts_plain(lines, at)
    if not current.old and not names_follow:
        raise UserError(
            f"{source}: line {at} of the diff: cannot tell which file is meant",
            cure="make the patch with `git format-patch`",
        )
    return at


def _starts_plain(lines: list[str], at: int) -> bool:
    if not lines[at].startswith("--- ") or at + 2 >= len(lines):
        return False
    return lines[at + 1].startswith("+++ ") and _HUNK.match(lines[at + 2]) is not None


def _plain_header(lines: list[str], at: int, current: _Open, source: str) -> int:
    old = _stripped(lines[at][4:], source, at + 1)
    new = _stripped(lines[at + 1][4:], source, at + 2)
    if old is None and new is None:
        raise UserError(
            f"{source}: line {at + 1} of the diff: both names are {_NO_FILE}",
            cure="make the patch with `git format-patch`",
        )
    if old is None:
        current.status = "A"
    elif new is None:
        current.status = "D"
    if current.status not in ("R", "C"):
        current.old, current.new = old or new or "", new or old or ""
    return at + 2


def _hunk(lines: list[str], at: int, match: re.Match[str], current: _Open) -> int:
    old_start, old_left, new_start, new_left = (int(part) if part else 1 for part in match.groups())
    begin = at
    at += 1
    while at < len(lines) and (old_left > 0 or new_left > 0):
        mark = lines[at][:1]
        if mark == "+":
            new_left -= 1
            current.added += 1
            current.target += lines[at][1:] if current.is_link else ""
        elif mark == "-":
            old_left -= 1
            current.removed += 1
        elif mark in ("", " "):
            old_left -= 1
            new_left -= 1
        elif mark != "\\":
            break
        at += 1
    current.hunks.append(
        Hunk(
            old_start=old_start,
            new_start=new_start,
            header=lines[begin].rstrip("\r"),
            line=begin + 1,
            length=at - begin - 1,
        )
    )
    return at


def _same_name(text: str) -> str:
    """The name in "a/NAME b/NAME", "" where the two differ (then rename lines or ---/+++ follow)."""
    text = text.rstrip("\r")
    if text.startswith('"'):
        first, rest = _unquote(text)
        second = _unquote(rest.lstrip(" "))[0] if rest.lstrip(" ").startswith('"') else rest.lstrip(" ")
        return _strip_one(first) if _strip_one(first) == _strip_one(second) else ""
    for at, char in enumerate(text):
        if char != " ":
            continue
        rest = text[at + 1 :]
        second = _unquote(rest)[0] if rest.startswith('"') else rest
        if _strip_one(text[:at]) and _strip_one(text[:at]) == _strip_one(second):
            return _strip_one(second)
    return ""


def _stripped(text: str, source: str, number: int) -> str | None:
    """A name from a ---/+++ line without its a/ or b/; None for /dev/null."""
    name = _name(text.rstrip("\r"), source, number)
    if name == _NO_FILE:
        return None
    if "/" not in name or name.startswith("/"):
        raise UserError(
            f"{source}: line {number} of the diff: {name!r} has no a/ or b/ in front",
            cure="make the patch with `git format-patch`",
        )
    return _strip_one(name)


def _name(text: str, source: str, number: int) -> str:
    if not text.startswith('"'):
        return text.rstrip("\r").split("\t", 1)[0]
    name, _rest = _unquote(text)
    if not name:
        raise UserError(
            f"{source}: line {number} of the diff: cannot read the quoted name {text[:80]!r}",
            cure="make the patch with `git format-patch`",
        )
    return name


def _strip_one(name: str) -> str:
    return name.partition("/")[2]


def _unquote(text: str) -> tuple[str, str]:
    """A C-quoted name as git writes it, and what follows it; ("", "") when the quoting is broken."""
    octets = bytearray()
    at = 1
    while at < len(text):
        char = text[at]
        if char == '"':
            return octets.decode("utf-8", "surrogateescape"), text[at + 1 :]
        if char != "\\":
            octets += char.encode("utf-8", "surrogateescape")
            at += 1
            continue
        octal = re.compile(r"[0-3][0-7]{2}").match(text, at + 1)
        if octal:
            octets.append(int(octal.group(), 8))
            at += 4
        elif text[at + 1 : at + 2] in _ESCAPES:
            octets.append(_ESCAPES[text[at + 1]])
            at += 2
        else:
            break
    return "", ""


def _blob(name: str) -> str:
    return "" if set(name) == {"0"} else name
