# SPDX-License-Identifier: GPL-2.0-only
"""Reading documents with the help of what the cache has of them."""

from kpatch_tools.errors import UserError
from kpatch_tools.model.document import ApiDocument
from kpatch_tools.parse.rst import document_of, read
from kpatch_tools.parse.rst_change import Versions, read_versions
from kpatch_tools.parse.rst_includes import from_outside
from kpatch_tools.parse.rst_lines import TOO_DEEP, UNREADABLE, source_lines
from kpatch_tools.tools import readings


def document(text: str, source: str) -> ApiDocument:
    """The document of a text: the same as parse_document(), from the cache where it is there.

    ``source`` is its path in the tree, for messages. Raises UserError for a text that docutils cannot read to
    its end, and for one that takes in a file from outside of its tree.
    """
    lines = source_lines(text)
    reading = readings.load(text)
    if reading is None:
        reading = read(lines)
        readings.keep(text, reading)
    return _within(_whole(document_of(lines, reading), source), source)


def versions(before: str, after: str, source: str) -> Versions:
    """Two versions of a document: of the newer one only what differs is parsed, of a cached one nothing.

    Both are kept: what is staged now is what the next commit is compared with. Raises as document() does.
    """
    known_before, known_after = readings.load(before), readings.load(after)
    both, was, now = read_versions(before, after, known_before, known_after)
    _whole(both.before, f"{source} (before the change)")
    _within(_whole(both.after, source), source)
    if known_before is None:
        readings.keep(before, was)
    if known_after is None and before != after:
        readings.keep(after, now)
    return both


def _within(document: ApiDocument, source: str) -> ApiDocument:
    if found := from_outside(document, source):
        line, name = found
        message = f"{source}:{line}: {name!r} lies outside of the kernel tree and is not read"
        raise UserError(message, cure="include files of the tree only, by a relative path")
    return document


def _whole(document: ApiDocument, source: str) -> ApiDocument:
    # What is not read is not checked either: an error, and not one finding among others.
    for message in document.messages:
        if message.text.startswith((TOO_DEEP, UNREADABLE)):
            raise UserError(
                f"{source}:{message.line}: {message.text}", cure="make its lists and quotations less deep"
            )
    return document
