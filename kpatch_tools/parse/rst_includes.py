# SPDX-License-Identifier: GPL-2.0-only
"""Files that a document takes in, and whether they lie in its tree; nothing is opened here."""

import bisect
import posixpath
import re
from collections.abc import Iterator

from kpatch_tools.model.document import ApiDocument

_INCLUDE = re.compile(r"\s*\.\.\s+(?:kernel-include|include|literalinclude)\s*::\s*(?P<file>\S.*?)\s*$")
# docutils' own directives that may read a file or a URL name it in an option.
_WITH_OPTION = re.compile(r"\s*\.\.\s+(?:raw|csv-table)\s*::")
_OPTION = re.compile(r"\s+:(?:file|url):\s*(?P<file>\S.*?)\s*$")
_DOCUMENTS = "Documentation/"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def from_outside(document: ApiDocument, path: str) -> tuple[int, str] | None:
    """Line and name of the first file that is taken in from outside of the tree, None when there is none.

    ``path`` is the document's own. That of a kernel tree is relative to its top and below Documentation/; of
    others nobody knows where their tree ends, so that only absolute paths and URLs are told.
    """
    for line, name in _taken_in(document.lines):
        if _is_outside(name, path) and not _is_shown(document, line):
            return line, name
    return None


def _taken_in(lines: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    options = False
    for number, line in enumerate(lines, 1):
        if "::" not in line and not options:
            continue
        if found := _INCLUDE.match(line) or (_OPTION.match(line) if options else None):
            yield number, found["file"]
        options = bool(_WITH_OPTION.match(line)) or (options and bool(line.strip()))


def _is_outside(name: str, path: str) -> bool:
    # <isonum.txt> comes with docutils, $BUILDDIR is the kernel's own output.
    if name.startswith(("<", "$")):
        return False
    if name.startswith(("/", "~")) or _URL.match(name):
        return True
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    return path.startswith(_DOCUMENTS) and inside.split("/")[0] == ".."


def _is_shown(document: ApiDocument, line: int) -> bool:
    # An example in a literal block is text.
    at = bisect.bisect_right(document.literals, line, key=lambda block: block.line) - 1
    return at >= 0 and line <= document.literals[at].line + document.literals[at].text.count("\n")
