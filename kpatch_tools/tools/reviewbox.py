# SPDX-License-Identifier: GPL-2.0-only
"""Where review mails come from: what tools.mailbox reads, and pages of a list archive saved as text."""

from pathlib import Path

from kpatch_tools.errors import UserError
from kpatch_tools.parse.review_mail import is_page
from kpatch_tools.tools import mailbox
from kpatch_tools.tools.mailbox import RawMail

SUFFIXES = (*mailbox.PATCH_SUFFIXES, ".txt", ".mail")
_GZIP = b"\x1f\x8b"


def read_reviews(spec: str) -> tuple[RawMail, ...]:
    """The mails in an mbox (gzip too), a maildir, a folder of mails, a mail, an archive page, or stdin (-).

    Raises UserError naming the file when it is none of these.
    """
    if spec == "-":
        return mailbox.read_stdin()
    path = Path(spec)
    try:
        if not path.is_dir():
            return _read_file(path)
        folders = [path / name for name in ("cur", "new")]
        if all(folder.is_dir() for folder in folders):
            files = [item for folder in folders for item in sorted(folder.iterdir()) if item.is_file()]
        else:
            files = [item for item in sorted(path.iterdir()) if item.suffix in SUFFIXES and item.is_file()]
    except (OSError, ValueError) as error:
        raise UserError(
            f"{spec[:200]}: cannot read the review mails: {error}",
            cure="name an mbox, a maildir, a mail saved as text, or a folder of them",
        ) from error
    if not files:
        raise UserError(
            f"{path}: a folder without mails",
            cure=f"name a maildir, an mbox, or a folder of *{', *'.join(SUFFIXES)} files",
        )
    return tuple(mail for item in files for mail in _read_file(item))


def _read_file(path: Path) -> tuple[RawMail, ...]:
    try:
        with path.open("rb") as stream:
            data = stream.read(mailbox.MAX_BYTES + 1)
    except OSError as error:
        raise UserError(
            f"{path}: cannot read the review mails: {error.strerror}",
            cure="name an mbox, a maildir, a mail saved as text, or a folder of them",
        ) from error
    if not data.strip():
        raise UserError(
            f"{path}: empty: there is no mail in it",
            cure="name an mbox, a maildir, a mail saved as text, or a folder of them",
        )
    if data.startswith(_GZIP) or not is_page(data):
        return mailbox.read_file(path)
    if len(data) > mailbox.MAX_BYTES:
        raise UserError(
            f"{path}: more than {mailbox.MAX_BYTES // 1024**2} MiB: no review mail",
            cure="name an mbox or a mail of the thread only",
        )
    return (RawMail(raw=data, source=str(path)),)
