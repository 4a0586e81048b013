# SPDX-License-Identifier: GPL-2.0-only
"""Text as KCIDB takes it: test paths, excerpts without control characters, hashes, what fits no schema.

Source: the schema v5.3 of kcidb-io (kcidb_io/schema/v05_03.py), whose patterns these follow.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from kpatch_tools.errors import UserError
from kpatch_tools.model.finding import Finding
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.findings import finding_lines

DEFAULT_ORIGIN = "kvet"
# What KCIDB keeps of a log: enough for the message, the log itself is linked.
EXCERPT_CHARACTERS = 16384
_ORIGIN = re.compile(r"[a-z0-9_]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ARCHITECTURE = re.compile(r"[a-z0-9_]+")
_MAIL = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_TIME = re.compile(r"[0-9-]{10}T[0-9:]{8}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})")
_NO_SEGMENT = re.compile(r"[^A-Za-z0-9_-]+")
_CUT = "[...]"


def need_origin(origin: str) -> str:
    """The name of the CI system that submits; UserError when it is none by the schema."""
    if not _ORIGIN.fullmatch(origin):
        raise UserError(
            f"{origin!r} cannot name the origin of a KCIDB document",
            cure="small letters, digits and underscores only: --origin mylab, or KVET_ORIGIN=mylab",
        )
    return origin


def path(*names: str) -> str:
    """A place in the tree of tests; a dot in a name begins a branch, what no name may hold becomes ``_``."""
    segments = [segment for name in names for segment in name.split(".")]
    return ".".join(_NO_SEGMENT.sub("_", segment) or "_" for segment in segments)


def line(text: str) -> str:
    """One printable line."""
    return terminal(text)


def excerpt(findings: Sequence[Finding]) -> str:
    """The findings as lines, cut at what KCIDB takes; it says so where it is cut."""
    text = "\n".join(said for finding in findings for said in finding_lines(finding))
    if len(text) <= EXCERPT_CHARACTERS:
        return text
    return f"{text[: EXCERPT_CHARACTERS - len(_CUT) - 1]}\n{_CUT}"


def patchset_hash(hashes: Iterable[str]) -> str | None:
    """sha256 over the newline-terminated sha256 of each patch, in order; "" for no patch at all.

    That is what `sha256sum *.patch | cut -c-64 | sha256sum` prints. None when one of them is no sha256.
    """
    given = tuple(hashes)
    if not all(_SHA256.fullmatch(one) for one in given):
        return None
    return hashlib.sha256("".join(f"{one}\n" for one in given).encode()).hexdigest() if given else ""


def commit(text: str) -> str | None:
    """A full commit id, None for what is none (and for one of a sha256 repository, which has 64 digits)."""
    return text if _COMMIT.fullmatch(text) else None


def architecture(text: str) -> str | None:
    """An architecture's name, None for what cannot be one."""
    return text if _ARCHITECTURE.fullmatch(text) else None


def message_id(text: str) -> str | None:
    """A Message-ID without its angle brackets, None for what is no address."""
    bare = text.strip().removeprefix("<").removesuffix(">")
    return terminal(bare) if _MAIL.fullmatch(bare) else None


def time(text: str) -> str | None:
    """A time of RFC 3339, None for anything else."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return None
