# SPDX-License-Identifier: GPL-2.0-only
"""Files that a stranger's build left: read, copied and removed without following what lies in the way.

A Makefile can leave a link to the user's key where an object is expected, a pipe that nobody writes, or a
link in place of a folder. So every step of a path is opened by itself and none may be a link (openat(2),
O_NOFOLLOW), and only a plain file is read, a bounded part of it at most.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def is_plain(folder: Path, name: str) -> bool:
    """Whether a plain file of that name lies in ``folder``."""
    return size_of(folder, name) is not None


def size_of(folder: Path, name: str) -> int | None:
    """The bytes of a plain file, None where there is none."""
    with contextlib.suppress(OSError), _opened(folder, name) as handle:
        return os.fstat(handle).st_size
    return None


def read_bytes(folder: Path, name: str, most: int) -> bytes | None:
    """At most ``most`` bytes of a plain file, None where there is none."""
    with (
        contextlib.suppress(OSError),
        _opened(folder, name) as handle,
        os.fdopen(os.dup(handle), "rb") as file,
    ):
        return file.read(most)
    return None


def copy_out(folder: Path, name: str, target: Path) -> bool:
    """Copy a plain file to ``target``, a path of our own; False where there is none."""
    with contextlib.suppress(FileNotFoundError), _opened(folder, name) as handle:
        target.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.dup(handle), "rb") as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
        return True
    return False


def remove(folder: Path, name: str) -> None:
    """Remove whatever has that name, a folder with all that is in it; one that is not there is no fault.

    What has a name that leaves ``folder`` is not there.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        _remove(folder, *_split(name))


def _remove(folder: Path, above: tuple[str, ...], last: str) -> None:
    with _step_into(folder, above) as place:
        try:
            os.unlink(last, dir_fd=place)
        except IsADirectoryError:
            shutil.rmtree(last, dir_fd=place)


def make_folder(folder: Path, name: str) -> None:
    """Make a folder and those above it; what stands there and is no folder goes away."""
    above, last = _split(name)
    parts = (*above, last) if last else ()
    for count in range(1, len(parts) + 1):
        with _step_into(folder, parts[: count - 1]) as place:
            with contextlib.suppress(FileNotFoundError):
                if stat.S_ISDIR(os.stat(parts[count - 1], dir_fd=place, follow_symlinks=False).st_mode):
                    continue
                os.unlink(parts[count - 1], dir_fd=place)
            os.mkdir(parts[count - 1], dir_fd=place)


def _split(name: str) -> tuple[tuple[str, ...], str]:
    """The folders of a name below ours and its last part, "" for our folder itself.

    Raises FileNotFoundError for a name that leaves it: "...c" is a file that a series may bring, and ".." the
    program that is made of it.
    """
    *above, last = PurePosixPath(name).parts or ("",)
    if ".." in (*above, last) or name.startswith("/"):
        raise FileNotFoundError(f"{name!r} leaves its folder")
    return tuple(above), last


@contextlib.contextmanager
def _opened(folder: Path, name: str) -> Iterator[int]:
    above, last = _split(name)
    with _step_into(folder, above) as place:
        handle = os.open(last, _FILE, dir_fd=place)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise FileNotFoundError(f"{name} is no plain file")
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def _step_into(folder: Path, parts: list[str] | tuple[str, ...]) -> Iterator[int]:
    # The folder itself is ours: its own path may lead through links of the user's.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            if part == "..":
                raise FileNotFoundError(f"{'/'.join(parts)} leaves its folder")
            below = os.open(part, _FOLDER, dir_fd=handle)
            os.close(handle)
            handle = below
        yield handle
    except OSError as error:
        # ELOOP is how O_NOFOLLOW says "a link".
        raise FileNotFoundError(str(error)) from error
    finally:
        os.close(handle)
