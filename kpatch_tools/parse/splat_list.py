# SPDX-License-Identifier: GPL-2.0-only
"""Reader for the allow list of kernel complaints (TOML)."""

import difflib
import re
from collections.abc import Mapping

from kpatch_tools.model.splats import Allowed, AllowEntry, AllowFile
from kpatch_tools.parse.kernellog import KINDS
from kpatch_tools.parse.toml import Faults, decode
from kpatch_tools.parse.toml_lines import Path

WHAT = "allow list"
# A machine that stopped proves nothing more, whatever the reason.
NEVER = frozenset({"panic"})


def parse_allowed(text: str, *, name: str) -> tuple[Allowed, ...]:
    """The entries of one file; UserError names each fault with file and line."""
    document, faults = decode(text, AllowFile, name=name, what=WHAT)
    entries = [_entry(entry, ("splat", index), faults) for index, entry in enumerate(document.splat)]
    faults.raise_any(WHAT, cure="kind, title and reason are needed; title and release are Python expressions")
    return tuple(entry for entry in entries if entry)


def _entry(entry: AllowEntry, where: Path, faults: Faults) -> Allowed | None:
    known = [kind for kind in KINDS if kind not in NEVER]
    if entry.kind in NEVER:
        faults.add((*where, "kind"), f"a {entry.kind} cannot be allowed: the machine stopped there")
    elif entry.kind not in known:
        close = difflib.get_close_matches(entry.kind, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
        faults.add((*where, "kind"), f"{entry.kind!r} is no kind of complaint{hint}")
    if not entry.reason.strip():
        faults.add((*where, "reason"), "an entry needs the reason why this is no fault")
    texts = {"title": entry.title, "release": entry.release}
    patterns = {key: _pattern(key, value, where, faults) for key, value in texts.items()}
    if patterns["title"] and patterns["title"].search(""):
        faults.add((*where, "title"), f"{entry.title!r} matches everything")
    return _made(entry, patterns, f"{faults.name}:{faults.line(where)}")


def _pattern(key: str, value: str, where: Path, faults: Faults) -> re.Pattern[str] | None:
    try:
        return re.compile(value)
    except re.error as error:
        faults.add((*where, key), f"{value!r} is no regular expression: {error}")
        return None


def _made(entry: AllowEntry, patterns: Mapping[str, re.Pattern[str] | None], place: str) -> Allowed | None:
    title = patterns["title"]
    if title is None:
        return None
    release = patterns["release"] if entry.release else None
    return Allowed(kind=entry.kind, title=title, reason=entry.reason.strip(), place=place, release=release)
