# SPDX-License-Identifier: GPL-2.0-only
"""Where mails come from (a file, a folder, a maildir, standard input), and git's reading of each.

`git mailsplit` cuts mailboxes and `git mailinfo` reads mails, since `git am` would do the same: what kvet
shows is what git would commit.
"""

import io
import os
import re
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kpatch_tools.errors import UserError
from kpatch_tools.parse.mail import MailInfo, read_mailinfo
from kpatch_tools.tools import gitrun
from kpatch_tools.tools.files import write_named

MAX_BYTES = 64 * 1024 * 1024
MAX_MAILS = 2000
PATCH_SUFFIXES = (".patch", ".mbox", ".mbx", ".eml")
_GZIP = b"\x1f\x8b"
_MBOXRD = b"From mboxrd@z"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMail:
    """One mail as bytes; ``source`` names the file, and the mail's place in it where it holds several."""

    raw: bytes
    source: str


def save_new(path: Path, data: bytes) -> Path:
    """Write a mailbox that was not there before. Raises UserError when it was, or cannot be written."""
    if path.exists():
        raise UserError(f"{path}: is there already", cure=f"name another file with -o, or rm {path}")
    if not path.parent.is_dir():
        raise UserError(f"{path}: the folder {path.parent} is not there", cure=f"mkdir -p {path.parent}")
    return write_named(path, data)


def read_stdin() -> tuple[RawMail, ...]:
    """The mails of a mailbox on standard input. Raises UserError when it is empty or no mailbox."""
    return _split(_bounded(sys.stdin.buffer, "standard input"), "standard input")


def read_file(path: Path) -> tuple[RawMail, ...]:
    """The mails of one file: an mbox (gzip too) or a single mail. Raises UserError when it is neither."""
    try:
        with path.open("rb") as stream:
            data = _bounded(stream, str(path))
    except OSError as error:
        raise UserError(
            f"{path}: cannot read the mails: {error.strerror}",
            cure="name an mbox file or a folder of patches that you can read",
        ) from error
    return _split(data, str(path))


def read_bytes(data: bytes, source: str) -> tuple[RawMail, ...]:
    """The mails of a mailbox in memory. Raises UserError when it is none, or too much."""
    return _split(_bounded(io.BytesIO(data), source), source)


def read_folder(path: Path) -> tuple[RawMail, ...]:
    """The mails of a maildir, or of a folder's patch files in the order of their names.

    Raises UserError when the folder holds neither.
    """
    maildir = [path / name for name in ("cur", "new")]
    if all(folder.is_dir() for folder in maildir):
        files = [item for folder in maildir for item in sorted(folder.iterdir()) if item.is_file()]
    else:
        files = [item for item in sorted(path.iterdir()) if item.suffix in PATCH_SUFFIXES and item.is_file()]
    if not files:
        raise UserError(
            f"{path}: a folder without patch files",
            cure=f"name a folder of *{', *'.join(PATCH_SUFFIXES)} files, a maildir or an mbox file",
        )
    return tuple(mail for item in files for mail in read_file(item))


def as_mbox(mails: tuple[RawMail, ...]) -> bytes:
    """An mbox of these mails (mboxrd, as public-inbox writes it); read_bytes() of it gives them back."""
    parts = []
    for mail in mails:
        body = mail.raw if not mail.raw.startswith(b"From ") else mail.raw.partition(b"\n")[2]
        quoted = re.sub(rb"^(>*From )", rb">\1", body, flags=re.MULTILINE)
        parts.append(_MBOXRD + b" Thu Jan  1 00:00:00 1970\n" + quoted.rstrip(b"\n") + b"\n\n")
    return b"".join(parts)


def mailinfo(raw: bytes, source: str) -> MailInfo:
    """What `git mailinfo` makes of one mail. Raises UserError with git's words when it makes nothing."""
    return mailinfos([(raw, source)])[0]


def mailinfos(mails: Sequence[tuple[bytes, str]]) -> list[MailInfo]:
    """What `git mailinfo` makes of mails, each with the name of its source; raises as mailinfo() does."""
    made: list[MailInfo] = []
    with gitrun.scratch() as folder:
        places = [folder / str(number) for number in range(len(mails))]
        for place in places:
            place.mkdir()
        results = gitrun.start_each(
            [
                gitrun.plain_command("mailinfo", "--encoding=UTF-8", "msg", "patch", cwd=place, stdin=raw)
                for (raw, _source), place in zip(mails, places, strict=True)
            ]
        )
        for (_raw, source), place, result in zip(mails, places, results, strict=True):
            if not result.ok:
                raise UserError(
                    f"{source}: git cannot read this mail: {_first_line(result.error_text)}",
                    cure="save the mail anew, or make the patch with `git format-patch`",
                )
            message, patch = (place / "msg").read_bytes(), (place / "patch").read_bytes()
            made.append(read_mailinfo(result.stdout, message, patch, source))
    return made


Counts = dict[str, tuple[int, int] | None]


def numstats(diffs: Sequence[bytes]) -> list[Counts] | None:
    """What `git apply --numstat` counts in each diff, all in one run; None when git refuses one of them.

    See numstat(). A small diff of ours stands between every two, so that none can reach into the next.
    """
    with gitrun.scratch() as folder:
        mark = f"kvet-{os.urandom(16).hex()}"
        (folder / "mark").write_text(f"--- /dev/null\n+++ b/{mark}\n@@ -0,0 +1 @@\n+\n")
        for number, diff in enumerate(diffs):
            (folder / f"{number}").write_bytes(diff or b"\n")
        places = [word for number in range(len(diffs)) for word in (f"{number}", "mark")]
        result = gitrun.plain("apply", "--numstat", "-z", "--allow-empty", *places, cwd=folder)
    parts = result.stdout.split(f"1\t0\t{mark}\0".encode())
    return [_counts(part) for part in parts[:-1]] if result.ok and len(parts) == len(diffs) + 1 else None


def numstat(diff: bytes, source: str) -> Counts:
    """Path to (added, removed) lines as `git apply --numstat` counts them, None for a binary file.

    git names a file by its new name, a deleted one by its old name. Raises UserError with git's words when
    git cannot read the diff (a mail client that wrapped its lines is the usual reason).
    """
    with gitrun.scratch() as folder:
        result = gitrun.plain("apply", "--numstat", "-z", "--allow-empty", cwd=folder, stdin=diff or b"\n")
    if "Out of memory" in result.error_text:
        raise UserError(
            f"{source}: a binary patch announces more than {gitrun.READING_MEMORY >> 20} MiB",
            cure="a patch to a kernel needs no such file: ask its author",
        )
    if not result.ok:
        words = _first_line(result.error_text).removeprefix("error: ").replace("<stdin>:", "line ")
        raise UserError(
            f"{source}: git cannot read the diff: {words}",
            cure="a mail client may have wrapped or re-encoded it; send patches with `git send-email`",
        )
    return _counts(result.stdout)


def _counts(records: bytes) -> Counts:
    counts: Counts = {}
    for record in records.decode("utf-8", "surrogateescape").split("\0"):
        added, _, rest = record.partition("\t")
        removed, _, path = rest.partition("\t")
        if path and added.isdecimal() and removed.isdecimal():
            before = counts.get(path) or (0, 0)
            counts[path] = (before[0] + int(added), before[1] + int(removed))
        elif path:
            counts[path] = None
    return counts


def _bounded(stream: BinaryIO, source: str) -> bytes:
    data = stream.read(MAX_BYTES + 1)
    if data.startswith(_GZIP):
        import gzip  # noqa: PLC0415 - archives hand it out, files on a disk seldom are

        try:
            with gzip.open(io.BytesIO(data)) as unpacked:
                data = unpacked.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(
                f"{source}: damaged gzip file: {error}", cure="download it anew, or unpack it: gunzip FILE"
            ) from error
    if len(data) > MAX_BYTES:
        raise UserError(
            f"{source}: more than {MAX_BYTES // 1024**2} MiB: no patch series",
            cure="name the mails of one series",
        )
    return data


def _split(data: bytes, source: str) -> tuple[RawMail, ...]:
    if not data.strip():
        raise UserError(
            f"{source}: empty: there is no mail in it",
            cure="name an mbox file, a folder of patches, a Message-ID, or - for an mbox on standard input",
        )
    if b"\0" in data:
        raise UserError(
            f"{source}: NUL byte at offset {data.index(0)}: this is no mailbox",
            cure="name an mbox file or a folder of patches; kvet series fetch MESSAGE-ID saves a thread",
        )
    if not data.startswith(b"From ") and not re.match(rb"[!-9;-~]+:", data):
        raise UserError(
            f"{source}: no mailbox: it begins with neither a 'From ' line nor a mail header",
            cure="make patch mails with `git format-patch`",
        )
    with gitrun.scratch() as folder:
        out = folder / "out"
        out.mkdir()
        # -b lets a file with a single mail and no "From " line pass, as `git am` does. public-inbox and b4
        # say in that line that they quote every line that begins with "From ".
        quoted = ("--mboxrd",) if data.startswith(_MBOXRD) else ()
        result = gitrun.plain("mailsplit", "-b", "-d5", *quoted, f"-o{out}", "--", cwd=folder, stdin=data)
        if not result.ok:
            raise UserError(
                f"{source}: git cannot split this mailbox: {_first_line(result.error_text)}",
                cure="save the thread anew: kvet series fetch MESSAGE-ID",
            )
        mails = [item.read_bytes() for item in sorted(out.iterdir())]
    if len(mails) > MAX_MAILS:
        raise UserError(f"{source}: {len(mails)} mails: no single series", cure="cut out one thread")
    if len(mails) == 1:
        return (RawMail(raw=mails[0], source=source),)
    return tuple(RawMail(raw=raw, source=f"{source}: mail {at}") for at, raw in enumerate(mails, 1))


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
