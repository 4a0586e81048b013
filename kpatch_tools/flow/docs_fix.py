# SPDX-License-Identifier: GPL-2.0-only
"""`kvet docs fix`: what can be mended in documents of a work tree, and writing it."""

import stat
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.checks.docs import RULES, judge_document, judge_versions
from kpatch_tools.checks.docs_fix import mend
from kpatch_tools.checks.docs_fixers import FIXERS
from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.errors import UserError
from kpatch_tools.flow.docs_files import Against, Document, documents
from kpatch_tools.flow.docs_range import is_range
from kpatch_tools.model.document import ApiDocument
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.fix import Mended
from kpatch_tools.parse.rst import decode, document_of, read
from kpatch_tools.parse.rst_change import read_versions
from kpatch_tools.parse.rst_lines import source_lines
from kpatch_tools.tools.files import write_atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedFile:
    """A document on disk, what was read from it, what came of mending it, and a remark on what counted."""

    place: Path
    raw: bytes
    mended: Mended
    remark: str = ""


def fix_files(  # noqa: PLR0913 - the options of a command
    paths: tuple[str, ...],
    *,
    tree: Path | None = None,
    against: Against = Against.DEFAULT,
    ref: str = "HEAD",
    rules: tuple[str, ...] = (),
    sink: Sink = silent,
) -> tuple[FixedFile, ...]:
    """Mend documents in memory; nothing is written. The parameters are those of check_files().

    ``rules`` limits it to findings of these rules. Raises UserError for a rule that has no fix, and for a
    file that is not there or is no text.
    """
    if against is Against.REF and is_range(ref):
        raise UserError(f"{ref}: only what lies in the work tree can be mended", cure="--diff REF")
    chosen = frozenset(_fixable(rule) for rule in rules) or None
    return tuple(
        _fixed(one, chosen) for one in documents(paths, tree=tree, against=against, ref=ref, sink=sink)
    )


def _fixable(rule: str) -> str:
    name = rule if rule in RULES else f"docs/{rule}"
    if name not in RULES:
        raise UserError(f"there is no rule {rule!r}", cure="kvet docs rules")
    if name not in FIXERS:
        raise UserError(f"{name} has no safe fix", cure=f"one of {', '.join(FIXERS)}")
    return name


def _fixed(one: Document, rules: frozenset[str] | None) -> FixedFile:
    text = decode(one.content, one.name)
    old = None if one.before is None else decode(one.before, f"{one.name} (before the change)")
    lines = source_lines(text if old is None else old)
    last, reading = text if old is None else old, read(lines)
    old_document = None if old is None else document_of(lines, reading)

    def check(version: str) -> tuple[ApiDocument, tuple[Finding, ...]]:
        # Versions differ in a few lines: each is read as a change, of the old version or of the last one.
        nonlocal last, reading
        versions, _before, after = read_versions(last, version, reading)
        if old is None:
            last, reading = version, after
            return versions.after, judge_document(versions.after, one.name, one.profile, one.facts).findings
        if version == old and one.facts == one.facts_before:
            return versions.after, ()
        judged = judge_versions(
            versions, one.name, one.profile, facts=one.facts, facts_before=one.facts_before
        )
        return versions.after, judged.findings

    def understand(document: ApiDocument) -> Context:
        return Context(
            document=document,
            profile=one.profile,
            before=old_document,
            facts=one.facts,
            facts_before=one.facts_before,
        )

    mended = mend(text, one.name, check, understand, rules)
    return FixedFile(place=one.place, raw=one.content, mended=mended, remark=one.remark)


def write_files(files: tuple[FixedFile, ...]) -> None:
    """Write what was mended: each file whole, with its permissions, and none where one is in the way.

    Raises UserError for a file that has changed since it was read, that is a symbolic link (who makes a
    tree could point it anywhere) or that cannot be written.
    """
    changed = [file for file in files if file.mended.changed]
    modes = [_ready(file) for file in changed]
    for file, mode in zip(changed, modes, strict=True):
        try:
            write_atomic(file.place, file.mended.after.encode(), mode)
        except OSError as error:
            raise UserError(
                f"{file.place}: cannot be written: {error.strerror}",
                cure="make the file writable, or leave --write out to see the change",
            ) from error


def _ready(file: FixedFile) -> int:
    if file.place.is_symlink():
        raise UserError(f"{file.place}: a symbolic link", cure="name the file that it points to")
    try:
        now, mode = file.place.read_bytes(), file.place.stat().st_mode
    except OSError as error:
        message = f"{file.place}: no longer there: {error.strerror}"
        raise UserError(message, cure="run the command again") from error
    if now != file.raw:
        message = f"{file.place}: changed while it was being mended; nothing is written"
        raise UserError(message, cure="run the command again")
    return stat.S_IMODE(mode)
