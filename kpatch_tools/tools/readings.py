# SPDX-License-Identifier: GPL-2.0-only
"""The cache of what the parser said of a document: docutils takes half of the time of a check."""

import contextlib
import hashlib
from pathlib import Path

import docutils
import msgspec

from kpatch_tools import __version__, model, parse
from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.reading import Reading
from kpatch_tools.tools import digested
from kpatch_tools.tools.files import cache_dir

# A smaller document is read as quickly as its cache.
_SMALLEST = 32 * 1024
_KEPT = 16
# What decides how a text is read; what these files say is part of the key.
_SOURCES = tuple(
    Path(package.__path__[0]) / name
    for package, names in (
        (parse, ("rst.py", "rst_lines.py", "rst_stubs.py", "rst_table.py", "rst_tree.py", "rst_change.py")),
        (model, ("document.py", "reading.py")),
    )
    for name in names
)


def load(text: str) -> Reading | None:
    """The reading of a text as it was kept; None when there is none, or when the file is damaged."""
    if len(text) < _SMALLEST:
        return None
    try:
        body = digested.load(_place(text))
    except EnvironmentFault:
        return None
    if body is None:
        return None
    try:
        return msgspec.msgpack.decode(body, type=Reading)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def keep(text: str, reading: Reading) -> None:
    """Keep the reading of a text; the oldest ones go when there are many. Does nothing without a cache."""
    if len(text) < _SMALLEST:
        return
    with contextlib.suppress(EnvironmentFault):
        digested.keep(_place(text), msgspec.msgpack.encode(reading), most=_KEPT)


def _place(text: str) -> Path:
    digest = hashlib.sha256(f"{__version__} {docutils.__version__}".encode())
    for source in _SOURCES:
        digest.update(source.read_bytes())
    digest.update(text.encode())
    return cache_dir("readings") / f"{digest.hexdigest()}.reading"
