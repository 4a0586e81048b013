# SPDX-License-Identifier: GPL-2.0-only
"""Read a series: from the word that the user typed to patches in order."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow.reading import read_series
from kpatch_tools.model.series import Series
from kpatch_tools.parse.thread import Choice, read_choice
from kpatch_tools.tools import mailbox
from kpatch_tools.tools.files import FULL, data_dir, read_text

if TYPE_CHECKING:
    from kpatch_tools.model.manifest import SeriesManifest

__all__ = ["load_manifest", "load_series", "read_series"]

_VERSION_FOLDER = re.compile(r"^v(\d{1,4})$")
_STDIN = re.compile(r"^-(?:@(.+))?$")
MANIFEST = "series.toml"


def load_series(spec: str, *, tree: Path | None = None, version: int = 0) -> Series:
    """Read the series that ``spec`` names; nothing is applied and nothing is written.

    ``spec`` is an mbox file (gzip too), a folder of patch files, a maildir, ``-`` for an mbox on standard
    input, a Message-ID (or its address in an archive; b4 fetches the thread), a range ``A..B`` of commits
    of ``tree`` (default: the repository around the current directory), or a name below patches/
    (``kvm-map-memory`` is its newest version, ``kvm-map-memory/v2`` that one). ``@v2``, ``@v1+v2`` or ``@``
    and a Message-ID behind it choose among several series of one mailbox, as ``version`` does where it is
    not 0. Replies and covers are told from patches by their subjects. The result may be incomplete:
    checks.series.completeness says so.

    Raises UserError naming file and cure for everything that cannot be read, and for a patch that names a
    path outside of the tree; EnvironmentFault when b4 or the network is needed and not there.
    """
    by_version = Choice(version=version) if version else None
    if match := _STDIN.match(spec):
        choice = read_choice(match[1]) if match[1] else by_version
        return read_series(mailbox.read_stdin(), "stdin", choice=choice)
    try:
        path, choice = _place(spec)
        if path is None:
            return _from_elsewhere(spec, tree, version)
        choice = choice or by_version
        if path.is_dir():
            path, remark = _version_folder(path, version)
            whole = path.resolve()
            name = whole.parent.name if _VERSION_FOLDER.match(whole.name) else whole.name
            found = read_series(mailbox.read_folder(path), name, ordered=True, choice=choice)
            return replace(found, notes=(*found.notes, remark)) if remark else found
    except OSError as error:
        if error.errno in FULL:
            raise
        raise UserError(
            f"{spec[:200]}: cannot be read: {error.strerror}",
            cure="name an mbox file or a folder of patches that you can read",
        ) from error
    return read_series(mailbox.read_file(path), path.name.partition(".")[0] or path.name, choice=choice)


def needs_tree(spec: str) -> bool:
    """Whether only a tree can say which patches ``spec`` means: a range of commits, and nothing on this disk.

    Raises UserError for a file or folder that is not there.
    """
    try:
        return ".." in spec and not _STDIN.match(spec) and _place(spec)[0] is None
    except OSError:
        # load_series() tells what it is.
        return False


def load_manifest(spec: str) -> "SeriesManifest | None":
    """The series.toml that goes with the series ``spec``, None for a series that has none.

    ``spec`` is as in load_series(). Raises UserError with all its faults when there is a bad one.
    """
    # Reading TOML takes msgspec, whose import costs an apply a tenth of its time.
    from kpatch_tools.parse.manifest import parse_manifest  # noqa: PLC0415 - see above

    try:
        path = None if _STDIN.match(spec) else _place(spec)[0]
        if path is None or not path.is_dir():
            return None
    except OSError as error:
        raise UserError(
            f"{spec[:200]}: cannot be read: {error.strerror}",
            cure="name an mbox file or a folder of patches that you can read",
        ) from error
    for folder in (path, path.resolve().parent):
        if (folder / MANIFEST).is_file():
            return parse_manifest(read_text(folder / MANIFEST, "series manifest"), str(folder / MANIFEST))
    return None


# A file or folder on this disk, the usual case, needs nothing of flow.fetch: it is loaded where it is used.


def _from_elsewhere(spec: str, tree: Path | None, version: int) -> Series:
    from kpatch_tools.flow.fetch import as_message_id, as_range, range_mails  # noqa: PLC0415 - see above

    if commits := as_range(spec, tree):
        made = range_mails(*commits, tree)
        loaded = read_series(made.mails, made.name, ordered=True)
        return replace(loaded, notes=(*loaded.notes, *made.notes))
    message_id, choice = as_message_id(spec)
    return fetch_series(message_id, choice, version)


def fetch_series(message_id: str, choice: Choice | None, version: int = 0) -> Series:
    """The series of a Message-ID as b4 fetches it; ``version`` 0 is the one that the mail belongs to."""
    return _fetched(message_id, choice, version)[1]


def saved_thread(message_id: str, version: int = 0) -> tuple[bytes, Series, str]:
    """A fetched thread as an mbox, the series meant in it, and what to write behind the file's name.

    That is "" where the thread holds no other series, and otherwise a choice such as "@v2".
    """
    mails, loaded = _fetched(message_id, None, version)
    if not read_series(mails, "thread").rivals:
        return mailbox.as_mbox(mails), loaded, ""
    return mailbox.as_mbox(mails), loaded, f"@v{loaded.version}" if version else f"@{message_id}"


def _fetched(
    message_id: str, choice: Choice | None, version: int
) -> tuple[tuple[mailbox.RawMail, ...], Series]:
    from kpatch_tools.flow.fetch import fetch_mails  # noqa: PLC0415 - see above

    wanted = version or (choice.version if choice else 0)
    mails = fetch_mails(message_id, wanted)
    if choice is None or not choice.onto:
        choice = Choice(version=wanted, message_id="" if wanted else message_id)
    return mails, read_series(mails, message_id.partition("@")[0], choice=choice)


def _place(spec: str) -> tuple[Path | None, Choice | None]:
    """The file or folder that is meant, and the choice behind it; None when it is not on this disk.

    What is there comes before the name of a series, and a file whose name holds an @ before a choice.
    """
    if not spec.strip():
        raise UserError("no series is named", cure="name an mbox file, a folder of patches, or - for stdin")
    if Path(spec).exists():
        return Path(spec), None
    for match in re.finditer("@", spec):
        before, after = spec[: match.start()], spec[match.end() :]
        if before and Path(before).exists():
            return Path(before), read_choice(after)
    return _named(spec), None


def _named(spec: str) -> Path | None:
    from kpatch_tools.flow.fetch import as_message_id  # noqa: PLC0415 - see above

    if as_message_id(spec)[0]:
        return None
    if ".." in spec.split("/") or Path(spec).is_absolute():
        raise UserError(
            f"{spec}: no such file or folder",
            cure="name an mbox file, a folder of patches, a Message-ID, or - for an mbox on standard input",
        )
    if ".." in spec:
        return None
    try:
        top = data_dir("patches")
    except EnvironmentFault:
        raise UserError(
            f"{spec}: no such file or folder",
            cure="name an mbox file, a folder of patches, a Message-ID, or - for an mbox on standard input",
        ) from None
    if (top / spec).is_dir():
        return top / spec
    known = sorted(item.parent.name for item in top.glob(f"*/{MANIFEST}"))
    name = re.split("[/@]", spec, maxsplit=1)[0]
    if name in known:
        there = [f"{name}/v{number}" for number, _folder in sorted(_versions(top / name))]
        raise UserError(f"{spec}: the series {name} has no such version", cure=f"name {' or '.join(there)}")
    raise UserError(
        f"{spec}: neither a file, a folder nor a series that kvet brings",
        cure="name a file or folder that is there, a Message-ID, a range of commits A..B, or one of "
        f"{', '.join(known)}",
    )


def _version_folder(path: Path, version: int) -> tuple[Path, str]:
    """The folder vN below a series folder, the newest for 0; the folder itself where there is none.

    A remark says which one was taken where nobody named one of several.
    """
    versions = _versions(path)
    has_patches = any(item.suffix in mailbox.PATCH_SUFFIXES for item in path.iterdir())
    if not versions or has_patches:
        return path, ""
    there = ", ".join(f"v{number}" for number, _item in sorted(versions))
    if not version:
        newest, folder = max(versions)
        several = len(versions) > 1
        return folder, f"v{newest} was taken, the newest of {there}" if several else ""
    for number, item in versions:
        if number == version:
            return item, ""
    raise UserError(f"{path}: v{version} is not there", cure=f"there is {there}")


def _versions(path: Path) -> list[tuple[int, Path]]:
    """The folders vN with patches below the folder of a series, each with its number."""
    return [
        (int(match.group(1)), item)
        for item in path.iterdir()
        if (match := _VERSION_FOLDER.match(item.name)) and any(item.glob("*.patch"))
    ]
