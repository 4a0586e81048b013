# SPDX-License-Identifier: GPL-2.0-only
"""Read a series: from the word that the user typed to patches in order."""

import re
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.manifest import SeriesManifest
from kpatch_tools.model.series import FileChange, Patch, Series
from kpatch_tools.parse.diff import FileDiff, content, read_diff
from kpatch_tools.parse.mail import Envelope, read_envelope, recorded_base
from kpatch_tools.parse.manifest import parse_manifest
from kpatch_tools.tools import mailbox
from kpatch_tools.tools.files import data_dir, read_text

_VERSION_FOLDER = re.compile(r"^v(\d{1,4})$")
MANIFEST = "series.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Posted:
    """A patch mail with what orders it among others of its number."""

    patch: Patch
    envelope: Envelope
    content: str


def load_series(spec: str) -> Series:
    """Read the series that ``spec`` names; nothing is applied and nothing is written.

    ``spec`` is an mbox file (gzip too), a folder of patch files, a maildir, ``-`` for an mbox on standard
    input, or a name below patches/ (``kvm-map-memory`` is its newest version, ``kvm-map-memory/v2`` that
    one). Replies and covers are told from patches by their subjects. The result may be incomplete:
    checks.series.completeness says so. Raises UserError naming file and cure for everything that cannot be
    read, and for a patch that names a path outside of the tree.
    """
    if spec == "-":
        return read_series(mailbox.read_stdin(), "stdin")
    try:
        path = _place(spec)
        if path.is_dir():
            path = _version_folder(path)
            name = path.parent.name if _VERSION_FOLDER.match(path.name) else path.resolve().name
            return read_series(mailbox.read_folder(path), name, ordered=True)
    except OSError as error:
        raise UserError(f"{spec[:200]}: cannot be read: {error.strerror}") from error
    return read_series(mailbox.read_file(path), path.name.partition(".")[0] or path.name)


def load_manifest(spec: str) -> SeriesManifest | None:
    """The series.toml that goes with the series ``spec``, None for a series that has none.

    ``spec`` is as in load_series(). Raises UserError with all its faults when there is a bad one.
    """
    try:
        path = Path() if spec == "-" else _place(spec)
        if spec == "-" or not path.is_dir():
            return None
    except OSError as error:
        raise UserError(f"{spec[:200]}: cannot be read: {error.strerror}") from error
    for folder in (path, path.resolve().parent):
        if (folder / MANIFEST).is_file():
            return parse_manifest(read_text(folder / MANIFEST, "series manifest"), str(folder / MANIFEST))
    return None


def read_series(mails: tuple[mailbox.RawMail, ...], name: str, *, ordered: bool = False) -> Series:
    """Make a series of mails; ``ordered`` says that their order counts where subjects hold no numbers."""
    envelopes = [read_envelope(mail.raw, mail.source) for mail in mails]
    replies = [item for item in envelopes if item.subject.is_reply]
    rest = [item for item in envelopes if not item.subject.is_reply]
    covers = [item for item in rest if item.subject.number == 0]
    posted: list[_Posted] = []
    notes: list[str] = []
    strangers = 0
    for item in rest:
        if item.subject.number == 0:
            continue
        made = _patch(item)
        if not made.patch.files and not item.subject.is_patch:
            strangers += 1
            continue
        posted.append(made)
    kept, resent = _without_copies(posted)
    patches = _numbered(kept, ordered=ordered)
    cover = _newest_cover(covers)
    if replies or strangers:
        notes.append(f"{len(replies) + strangers} mails of the thread are no patches and were left out")
    notes += [f"patch {count} was sent more than once; the last mail is used" for count in resent]
    if cover and read_diff(cover.diff, cover.source):
        notes.append("the cover letter holds a diff, which is not applied")
    every = ([cover] if cover else []) + patches
    total = max((patch.total for patch in every), default=0)
    notes += [
        f"patch {patch.count} is past the announced count" for patch in patches if patch.number > patch.total
    ]
    base, prerequisites = _recorded(cover, patches)
    return Series(
        name=name,
        version=max((patch.version for patch in every), default=1),
        total=total,
        cover=cover,
        patches=tuple(patches),
        notes=tuple(notes),
        base_commit=base,
        prerequisites=prerequisites,
    )


def _place(spec: str) -> Path:
    """The file or folder that is meant: what is there comes before the name of a series."""
    if not spec.strip():
        raise UserError("no series is named", cure="name an mbox file, a folder of patches, or - for stdin")
    return Path(spec) if Path(spec).exists() else _named(spec)


def _named(spec: str) -> Path:
    if "@" in spec:
        raise UserError(
            f"{spec}: fetching a series by its Message-ID is not supported yet",
            cure=f"b4 am -o mails {spec.strip('<>')} and name the mbox file it writes",
        )
    if ".." in spec.split("/") or Path(spec).is_absolute():
        raise UserError(f"{spec}: no such file or folder")
    if ".." in spec:
        raise UserError(
            f"{spec}: a range of commits is not supported yet",
            cure=f"git format-patch --cover-letter -o mails {spec} and name the folder",
        )
    try:
        top = data_dir("patches")
    except EnvironmentFault:
        raise UserError(f"{spec}: no such file or folder") from None
    if (top / spec).is_dir():
        return top / spec
    known = ", ".join(sorted(item.name for item in top.iterdir() if item.is_dir()))
    raise UserError(
        f"{spec}: neither a file, a folder nor a series below patches/",
        cure=f"known series: {known}" if known else "name an mbox file or a folder of patches",
    )


def _version_folder(path: Path) -> Path:
    """The newest vN below a series folder; the folder itself where there is none."""
    versions = [
        (int(match.group(1)), item)
        for item in path.iterdir()
        if (match := _VERSION_FOLDER.match(item.name)) and any(item.glob("*.patch"))
    ]
    has_patches = any(item.suffix in mailbox.PATCH_SUFFIXES for item in path.iterdir())
    return max(versions)[1] if versions and not has_patches else path


def _patch(item: Envelope) -> _Posted:
    info = mailbox.mailinfo(item.raw, item.source)
    files = read_diff(info.diff, item.source)
    _judged(files, info.diff, item.source)
    patch = Patch(
        number=item.subject.number or 0,
        subject=info.subject,
        author=info.author,
        date=info.date,
        message_id=item.message_id,
        body=info.body,
        diff=info.diff,
        files=tuple(entry.change for entry in files),
        raw=item.raw,
        source=item.source,
        version=item.subject.version,
        total=item.subject.total or 0,
    )
    return _Posted(patch=patch, envelope=item, content=content(info.diff, files))


def _judged(files: tuple[FileDiff, ...], diff: str, source: str) -> None:
    """Hold our reading of a diff against git's: another set of files would be prepared than is written."""
    ours: dict[str, tuple[int, int] | None] = {}
    for change in (item.change for item in files):
        before = ours.get(change.path) or (0, 0)
        lines = (before[0] + change.added, before[1] + change.removed)
        ours[change.path] = None if change.binary else lines
    theirs = mailbox.numstat(diff.encode("utf-8", "surrogateescape"), source)
    if ours != theirs:
        odd = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
        raise UserError(
            f"{source}: the diff is ambiguous about {odd[0]!r}: git reads it in another way",
            cure="make the patch with `git format-patch`",
        )


def _without_copies(posted: list[_Posted]) -> tuple[list[_Posted], list[str]]:
    """Drop all but the last of the mails that carry one patch; also the counts of what was sent again.

    Two mails carry one patch when version, number and diff agree. A mail that merely arrived twice (the
    same Message-ID) is dropped without a word.
    """
    kept: dict[tuple[int, int, str, str], _Posted] = {}
    resent: list[str] = []
    for item in posted:
        patch = item.patch
        # Without numbers, the subject must tell two patches apart.
        label = patch.subject if item.envelope.subject.number is None else ""
        key = (patch.version, patch.number, label, item.content)
        before = kept.get(key)
        if before and before.patch.message_id != patch.message_id:
            resent.append(patch.count)
        if before is None or before.patch.message_id != patch.message_id:
            kept[key] = item
    return list(kept.values()), list(dict.fromkeys(resent))


def _numbered(posted: list[_Posted], *, ordered: bool) -> list[Patch]:
    """Patches in order; a lone patch without a number is 1/1, and so are files in a folder by their order."""
    plain = [item for item in posted if item.envelope.subject.number is None]
    if plain and len(plain) < len(posted):
        raise UserError(
            f"{plain[0].patch.source}: this patch has no number (n/m), others of the series have one",
            cure="give one series at a time",
        )
    if len(plain) > 1 and not ordered:
        raise UserError(
            f"{plain[0].patch.source}: {len(plain)} patches without numbers (n/m): nothing says their order",
            cure="number them with `git format-patch -n`, or give a folder of files in order",
        )
    if plain:
        return [_renumbered(item.patch, at, len(plain)) for at, item in enumerate(plain, 1)]
    return sorted((item.patch for item in posted), key=lambda patch: (patch.version, patch.number))


def _renumbered(patch: Patch, number: int, total: int) -> Patch:
    fields = {name: getattr(patch, name) for name in Patch.__slots__}
    return Patch(**{**fields, "number": number, "total": total})


def _newest_cover(covers: list[Envelope]) -> Patch | None:
    if not covers:
        return None
    item = max(covers, key=lambda cover: cover.subject.version)
    info = mailbox.mailinfo(item.raw, item.source)
    no_files: tuple[FileChange, ...] = ()
    return Patch(
        number=0,
        subject=info.subject,
        author=info.author,
        date=info.date,
        message_id=item.message_id,
        body=info.body,
        diff=info.diff,
        files=no_files,
        raw=item.raw,
        source=item.source,
        version=item.subject.version,
        total=item.subject.total or 0,
    )


def _recorded(cover: Patch | None, patches: list[Patch]) -> tuple[str, tuple[str, ...]]:
    """The base that the cover records, or else the first patch (where format-patch puts it)."""
    for mail in (cover, patches[0] if patches else None):
        if mail:
            base, prerequisites = recorded_base(mail.raw)
            if base or prerequisites:
                return base, prerequisites
    return "", ()
