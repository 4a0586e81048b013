# SPDX-License-Identifier: GPL-2.0-only
"""A patch as a reply quotes it: with comments in between, lines cut out, and lines wrapped by the mailer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from kpatch_tools.model.comparison import Anchor, Region
from kpatch_tools.parse.difflines import hunk_span

_PREFIX = re.compile(r"^>(?: ?>)*")
_TIGHT = re.compile(r"^>(?: ?>)*(?:[+]|@@ -|diff --git )")
_LOOSE = re.compile(r"^>(?: ?>)* (?:[+]|@@ -|diff --git )")
_CUT = re.compile(r"^\W*(?:\.\.\.|\u2026|<?snip\b.*|<?cut\b)\W*$", re.IGNORECASE)
_IN_BODY = re.compile(r"^(?:From|Subject|Date): ")
_DIFF_GIT = re.compile(r"^diff --git \S.*")
# Mailers wrap at 72 to 80 columns: a shorter line was not wrapped, the next word would have fitted.
_WRAP_FROM, _WRAP_TO = 72, 81
_BLOCK_LINES = 60
_LONGEST_CUT = 80
_LONGEST_JOINED = 8000


@dataclass(frozen=True, slots=True)
class MailLine:
    """One line of a mail's text: its number from 1, how often it is quoted, and the text behind the marks.

    ``wrapped`` says that it is the end of the line before, which the mailer left without a quote mark.
    """

    number: int
    depth: int
    text: str
    wrapped: bool = False


class _In(Enum):
    """Where in the quoted patch the next line belongs."""

    HEAD = auto()
    MESSAGE = auto()
    NOTES = auto()
    FILE = auto()
    HUNK = auto()
    END = auto()


@dataclass(slots=True)
class _Hunk:
    """The span that an @@ line announces and what was seen of it."""

    old: int
    old_left: int
    new: int
    new_left: int
    cut: bool = False

    @property
    def whole(self) -> bool:
        return not (self.cut or self.old_left or self.new_left)


@dataclass(slots=True)
class _Line:
    """One line of the patch; ``hunk`` is None outside of hunks."""

    region: Region
    text: str
    path: str = ""
    line: int = 0
    mark: str = ""
    hunk: _Hunk | None = None


@dataclass(slots=True)
class QuotedPatch:
    """Takes the quoted lines in order; place() and anchor() tie what stands between them to a line."""

    _lines: list[_Line] = field(default_factory=list)
    _state: _In = _In.HEAD
    _path: str = ""
    _hunk: _Hunk | None = None
    _count: int = 0
    _from_top: bool = False

    @property
    def place(self) -> int:
        """How many lines of the patch were taken so far: the place of a comment that comes now."""
        return len(self._lines)

    @property
    def ended(self) -> bool:
        """The signature at the end of the patch was quoted: what follows stands below no line of it."""
        return self._state is _In.END

    def feed(self, text: str) -> None:
        """Take one quoted line, without its quote marks."""
        if self._state is _In.END:
            return
        open_hunk = self._state is _In.HUNK and self._hunk and (self._hunk.old_left or self._hunk.new_left)
        # A removed line "-- x" looks like "--- x" here: inside a hunk only these two end it.
        if open_hunk and not (text.startswith("diff --git ") or hunk_span(text)):
            self._in_hunk(text)
            return
        if not self._begins(text):
            if self._state in (_In.HEAD, _In.MESSAGE):
                self._in_message(text)
            elif self._state is _In.NOTES:
                self._take(_Line(Region.NOTES, text))
            elif self._state is _In.HUNK:
                self._in_hunk(text)
            else:
                self._take(_Line(Region.DIFF, text, self._path))

    def join(self, text: str) -> None:
        """Take the rest of the line before, which the mailer wrapped."""
        if self._lines and len(self._lines[-1].text) < _LONGEST_JOINED:
            self._lines[-1].text = f"{self._lines[-1].text.rstrip()} {text.strip()}"

    def anchor(self, place: int, after: int) -> Anchor | None:
        """The last line with text before ``place``; ``after`` is where the comment before this one stood."""
        at = min(place, len(self._lines)) - 1
        while at > 0 and not self._lines[at].text.strip():
            at -= 1
        if at < 0 or not self._lines[at].text.strip():
            return None
        line = self._lines[at]
        first = at
        while first > after and at - first < _BLOCK_LINES and _joins(self._lines[first - 1], line):
            first -= 1
        exact = line.hunk.whole if line.hunk else line.region is Region.MESSAGE and self._from_top
        return Anchor(
            region=line.region,
            text=line.text,
            path=line.path,
            line=line.line,
            mark=line.mark,
            block=tuple(item.text for item in self._lines[first : at + 1]),
            exact=exact,
        )

    def _begins(self, text: str) -> bool:
        """Take a line that begins another part of the patch; False when it begins none."""
        if span := hunk_span(text):
            self._hunk = _Hunk(span[0], span[1], span[2], span[3])
            self._state = _In.HUNK
            self._take(_Line(Region.DIFF, text, self._path, span[2], "@"))
        elif _DIFF_GIT.match(text):
            self._path = _second_name(text)
            self._state, self._hunk = _In.FILE, None
            self._take(_Line(Region.DIFF, text, self._path))
        elif text.startswith(("--- a/", "--- /dev/null", "+++ b/", "+++ /dev/null")):
            name = text[4:].split("\t", 1)[0].rstrip()
            if name != "/dev/null":
                self._path = name[2:]
            self._state, self._hunk = _In.FILE, None
            self._take(_Line(Region.DIFF, text, self._path))
        elif text.rstrip() == "---" and self._state in (_In.HEAD, _In.MESSAGE):
            self._state = _In.NOTES
        elif text.rstrip() == "--" and self._state is not _In.MESSAGE:
            self._state = _In.END
        else:
            return False
        return True

    def _in_message(self, text: str) -> None:
        if self._state is _In.HEAD:
            # An author line above the message shows that nothing was cut out before it.
            self._from_top = self._from_top or text.startswith("From: ")
            if not text.strip() or _IN_BODY.match(text):
                return
            self._state = _In.MESSAGE
        if _is_cut(text):
            self._from_top = False
            return
        self._count += 1
        self._take(_Line(Region.MESSAGE, text, line=self._count))

    def _in_hunk(self, text: str) -> None:
        hunk = self._hunk
        if hunk is None:
            return
        if text == "-- ":
            self._state = _In.END
            return
        mark = text[:1] or " "
        if mark == "\\":
            return
        if mark not in "+- ":
            if mark.isspace():
                text, mark = f" {text}", " "
            elif _is_cut(text):
                hunk.cut = True
                return
            else:
                self.join(text)
                return
        self._take(
            _Line(Region.DIFF, text[1:], self._path, hunk.old if mark == "-" else hunk.new, mark, hunk)
        )
        if mark != "+":
            hunk.old, hunk.old_left = hunk.old + 1, hunk.old_left - 1
        if mark != "-":
            hunk.new, hunk.new_left = hunk.new + 1, hunk.new_left - 1

    def _take(self, line: _Line) -> None:
        self._lines.append(line)


def _is_cut(text: str) -> bool:
    """Whether the reviewer says here that lines were cut out."""
    return len(text) < _LONGEST_CUT and _CUT.match(text) is not None


def _joins(line: _Line, last: _Line) -> bool:
    """Whether a line belongs to the paragraph that ends with ``last``."""
    same = (line.region, line.path, line.mark) == (last.region, last.path, last.mark)
    return same and line.hunk is last.hunk and bool(line.text.strip())


def _second_name(text: str) -> str:
    """The new name of a "diff --git a/NAME b/NAME" line, "" where it cannot be told."""
    words = text[len("diff --git ") :].rstrip()
    half = len(words) // 2
    if words[:2] == "a/" and words[half : half + 3] == " b/" and words[2:half] == words[half + 3 :]:
        return words[2:half]
    return words.rpartition(" b/")[2] if " b/" in words else ""


def mail_lines(text: str) -> tuple[MailLine, ...]:
    """The lines of a mail's text with the depth of their quoting; a wrapped end of one is quoted like it.

    Some mailers quote without a blank behind the mark; whether this one does is seen from the diff lines.
    """
    raw = text.replace("\r\n", "\n").split("\n")
    tight = any(map(_TIGHT.match, raw)) and not any(map(_LOOSE.match, raw))
    lines: list[MailLine] = []
    for number, line in enumerate(raw, 1):
        found = _PREFIX.match(line)
        if found:
            # Archives and some mailers put no-break spaces for blanks; kernel sources have none.
            rest = line[found.end() :].replace("\xa0", " ")
            rest = rest if tight else rest.removeprefix(" ")
            lines.append(MailLine(number, found.group().count(">"), rest))
        elif _is_wrapped(raw, number - 1):
            lines.append(MailLine(number, lines[-1].depth, line, wrapped=True))
        else:
            lines.append(MailLine(number, 0, line))
    return tuple(lines)


def _is_wrapped(raw: Sequence[str], at: int) -> bool:
    """Whether an unquoted line is the end of the quoted one before it, cut off by the mailer.

    It must stand alone between two quoted lines, the one before must be too long for its first word, and
    it must not look like a remark of its own: a comment taken for a quote would be lost.
    """
    if not 0 < at < len(raw) - 1:
        return False
    before, line, after = raw[at - 1], raw[at], raw[at + 1]
    if not (before.startswith(">") and after.startswith(">") and line.strip()):
        return False
    if line[:1].isspace() or line[:1].isupper() or line.rstrip().endswith("?"):
        return False
    return len(before) < _WRAP_TO and len(before) + 1 + len(line.split()[0]) > _WRAP_FROM
