# SPDX-License-Identifier: GPL-2.0-only
"""Files and folders: where data lies, and writing so that nobody ever sees half a file."""

import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, ToolkitError, UserError

_PACKAGE = Path(__file__).resolve().parent.parent
# What the system says when there is no room left: by the disk, or by the user's quota.
FULL = (errno.ENOSPC, errno.EDQUOT)


def data_dir(name: str) -> Path:
    """The folder ``patches``, ``docs-check``, ``selftests-gen`` or ``ci``.

    A wheel carries them in the package (``_data``), a checkout beside it; an editable install only has
    the checkout. Raises EnvironmentFault when neither is there.
    """
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    message = f"the data folder {name}/ is neither in the package nor in the checkout"
    raise EnvironmentFault(message, cure="reinstall kpatch-tools")


def cache_dir(*parts: str) -> Path:
    """A folder below the user's cache (XDG_CACHE_HOME/kvet), made when absent; safe to delete any time."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base.joinpath("kvet", *parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{folder}: {error.strerror}"
        raise EnvironmentFault(message, cure="set XDG_CACHE_HOME to a writable folder") from error
    return folder


def write_atomic(path: Path, data: str | bytes, mode: int | None = None, *, durable: bool = True) -> Path:
    """Write a whole file or none: temporary file in the same folder, fsync, rename. Returns the path.

    ``mode`` are the permission bits; without them a new file gets what the umask leaves. Without ``durable``
    there is no fsync: a power cut may leave an empty file, to readers that can tell.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = data.encode() if isinstance(data, str) else data
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        if mode is None:
            mask = os.umask(0)
            os.umask(mask)
            mode = 0o666 & ~mask
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            # A full disk is told by a file handle, which has no name.
            error.filename = str(path)
        raise
    return path


def read_text(path: Path, what: str) -> str:
    """The text of a file that the user named; UserError says which file and why not."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: {what} is not UTF-8 (byte {error.start})",
            cure="convert it to UTF-8, or name another file",
        ) from error
    except OSError as error:
        raise UserError(
            f"{path}: cannot read {what}: {error.strerror}",
            cure="name a file that is there and that you can read",
        ) from error


def write_named(path: Path, data: str | bytes) -> Path:
    """Write the file that the user named, whole or not at all; UserError says which and why not.

    A device or a pipe (/dev/stdout, /dev/null) is written to, never replaced; a link stays one. Raises
    EnvironmentFault for a full disk.
    """
    raw = data.encode() if isinstance(data, str) else data
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(raw)
            return path
        write_atomic(path.resolve(), raw)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise EnvironmentFault(f"{path}: {error.strerror}", cure="make room on that disk") from error
        raise UserError(
            f"{path}: cannot be written: {error.strerror}",
            cure="name a file, in a folder that you can write to",
        ) from error
    return path


@contextlib.contextmanager
def locked(path: Path, waits: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` (made when absent); the kernel drops it when the process dies.

    ``waits`` is called once when another process holds it, before the wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waits:
                waits()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def locked_at_once(path: Path, refusal: ToolkitError) -> Iterator[None]:
    """As locked(), but raise ``refusal`` where another process holds the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refusal from None
        yield
