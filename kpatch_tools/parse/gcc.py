# SPDX-License-Identifier: GPL-2.0-only
"""Reads a kernel build's output: what gcc, ld, modpost, objtool and Kconfig complain of, as findings."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kpatch_tools.model.finding import Finding, Location, Severity

MAX_DETAIL = 12
MAX_RELATED = 50
# More than any build of a kernel with its warnings turned up; a Makefile can print any number.
MAX_FINDINGS = 10_000
# A Makefile can print a line of any length too, and some patterns cost a line's length squared.
LONGEST_LINE = 4096

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_GCC = re.compile(
    r"^(?P<path>[^\s:][^:]*):(?P<line>\d{1,9}):(?:(?P<column>\d{1,9}):)? "
    r"(?P<kind>fatal error|error|warning|note): (?P<text>.*)$"
)
_KCONFIG = re.compile(r"^(?P<path>[^\s:]+):(?P<line>\d{1,9}):(?:(?P<kind>warning|error):)? ?(?P<text>.*)$")
_FLAG = re.compile(r"\[-W(?:error=)?(?P<flag>[A-Za-z0-9+=.-]+?)\]$")
_LINKER = re.compile(
    r"^(?:\S*ld(?:\.\w+)?: )?(?P<where>[^\s:]+\.(?:o|a|c|S)(?::\d+)?):(?:\(\S+\):|.*?:)? "
    r"(?P<text>(?:undefined reference|multiple definition|relocation ).*)$"
)
_PLACE = re.compile(r"^(?P<path>[^\s:]+\.[cSh]):(?P<line>\d{1,9})$")
_MODPOST = re.compile(r"^(?P<kind>ERROR|WARNING): modpost: (?P<text>.*)$")
_OBJTOOL = re.compile(r"^(?P<path>\S+): (?P<kind>warning|error): objtool: (?P<text>.*)$")
_EXCERPT = re.compile(r"^\s*(?:\d+ )?\|")
_MAKE = re.compile(r"^make(?:\[\d+\])?: \*\*\* (?P<text>.*)$")
_COMPILED = re.compile(r"^  (?:CC|AS|CC \[M\]|HOSTCC)\s")


@dataclass(slots=True)
class _Draft:
    rule: str
    severity: Severity
    message: str
    location: Location | None
    related: list[Location] = field(default_factory=list)
    detail: list[str] = field(default_factory=list)


def is_step(line: str) -> bool:
    """The line announces one compiled file ("  CC      kernel/fork.o"): a step of progress."""
    return bool(_COMPILED.match(line))


def parse_build(text: str, *, roots: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    """Errors and warnings of a build log, each once, in order.

    ``roots`` are folders (source tree, object folder) that are cut from the front of paths, so that a
    location is relative to the tree. Rules: "gcc/<flag>", "gcc/error", "ld/error", "modpost/error",
    "objtool/warning", "kconfig/error". At most MAX_FINDINGS of them, and one more that counts the others.
    """
    drafts: dict[tuple[str, str, str], _Draft] = {}
    last: _Draft | None = None
    left = {Severity.ERROR: 0, Severity.WARNING: 0}
    for raw in text.split("\n"):
        line = _COLOUR.sub("", raw[:LONGEST_LINE].rstrip("\r"))
        draft = _draft(line, roots)
        if draft:
            key = (draft.rule, str(draft.location), draft.message)
            if key in drafts or len(drafts) < MAX_FINDINGS:
                drafts[key] = draft
            else:
                left[draft.severity] += 1
            last = draft
        elif last and _note(last, line, roots):
            continue
        elif last and _EXCERPT.match(line) and len(last.detail) < MAX_DETAIL:
            last.detail.append(line)
    return (*map(_finding, drafts.values()), *_untold(left))


def _finding(draft: _Draft) -> Finding:
    return Finding(
        rule=draft.rule,
        severity=draft.severity,
        message=draft.message,
        location=draft.location,
        related=tuple(draft.related),
        detail="\n".join(draft.detail),
    )


def _untold(left: Mapping[Severity, int]) -> Iterator[Finding]:
    """What was left out, with its weight: an error must not go unseen behind ten thousand warnings."""
    for severity, count in left.items():
        if count:
            message = f"the build printed {count} more {severity.value}s than are told here"
            yield Finding(
                rule="gcc/error" if severity is Severity.ERROR else "gcc/warning",
                severity=severity,
                message=message,
            )


def make_failures(text: str) -> tuple[str, ...]:
    """What make itself gave up on, for a build that failed without any message that is understood."""
    lines = (_COLOUR.sub("", line) for line in text.split("\n"))
    return tuple(match["text"] for line in lines if (match := _MAKE.match(line)))


def _draft(line: str, roots: tuple[str, ...]) -> _Draft | None:
    gcc = _GCC.match(line)
    if gcc and gcc["kind"] != "note":
        flag = _FLAG.search(gcc["text"])
        error = gcc["kind"] != "warning"
        message = gcc["text"][: flag.start()].rstrip() if flag else gcc["text"]
        rule = f"gcc/-W{flag['flag']}" if flag else f"gcc/{'error' if error else 'warning'}"
        return _Draft(rule, _severity(error=error), message, _location(gcc, roots))
    objtool, modpost = _OBJTOOL.match(line), _MODPOST.match(line)
    if objtool:
        rule = f"objtool/{objtool['kind']}"
        where = Location(path=_relative(objtool["path"], roots))
        return _Draft(rule, _severity(error=objtool["kind"] == "error"), objtool["text"], where)
    if modpost:
        error = modpost["kind"] == "ERROR"
        return _Draft(f"modpost/{modpost['kind'].lower()}", _severity(error=error), modpost["text"], None)
    linker = _LINKER.match(line)
    if linker:
        place = _PLACE.match(linker["where"])
        path = place["path"] if place else linker["where"]
        where = Location(path=_relative(path, roots), line=int(place["line"]) if place else 0)
        return _Draft("ld/error", Severity.ERROR, linker["text"], where)
    kconfig = None if gcc else _KCONFIG.match(line)
    if kconfig and "Kconfig" in kconfig["path"] and kconfig["text"]:
        error = kconfig["kind"] != "warning"
        rule = f"kconfig/{'error' if error else 'warning'}"
        return _Draft(rule, _severity(error=error), kconfig["text"], _location(kconfig, roots))
    return None


def _note(draft: _Draft, line: str, roots: tuple[str, ...]) -> bool:
    note = _GCC.match(line)
    if not note or note["kind"] != "note":
        return False
    if len(draft.related) >= MAX_RELATED:
        return True
    draft.related.append(_location(note, roots))
    draft.detail.append(f"note: {note['text']}")
    return True


def _severity(*, error: bool) -> Severity:
    return Severity.ERROR if error else Severity.WARNING


def _location(match: re.Match[str], roots: tuple[str, ...]) -> Location:
    column = match.groupdict().get("column")
    path = _relative(match["path"], roots)
    return Location(path=path, line=int(match["line"]), column=int(column) if column else 0)


def _relative(path: str, roots: tuple[str, ...]) -> str:
    for root in roots:
        prefix = root.rstrip("/") + "/"
        if path.startswith(prefix):
            path = path[len(prefix) :]
            break
    # virt/kvm is compiled by names such as arch/x86/kvm/../../../virt/kvm/kvm_main.c; an object folder inside
    # the tree makes gcc say "../arch/x86/...".
    parts = [part for part in posixpath.normpath(path).split("/") if part != "."]
    while parts and parts[0] == "..":
        parts.pop(0)
    return "/".join(parts)
