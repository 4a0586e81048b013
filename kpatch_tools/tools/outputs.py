# SPDX-License-Identifier: GPL-2.0-only
"""Files that a stranger's build left: read, copied and removed without following what lies in the way.

A Makefile can leave a link to the user's key where an object is expected, a pipe that nobody writes, or a
link in place of a folder. So every step of a path is opened by itself and none may be a link (openat(2),
O_NOFOLLOW), and only a plain file is read, a bounded part of it at most.

shutil.rmtree() does not do for what she left: it calls itself for each level and gives up at a thousand, and
leaves what has no permission bits; a TemporaryDirectory of Python before 3.11.8 gives such bits to what a
link leads to (CVE-2023-6597).
"""

import contextlib
import errno
import os
import shutil
import stat
import tempfile
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


def files_below(folder: Path, ending: str) -> Iterator[str]:
    """The names of plain files below ``folder`` that end so, seen from there; no order.

    Left out is what lies deeper than a path may be long, or in a folder that is closed.
    """
    waiting = [str(folder)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.name.endswith(ending) and entry.is_file(follow_symlinks=False):
                    yield str(PurePosixPath(entry.path).relative_to(folder))


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
            _remove_tree(last, place)


def remove_tree(folder: Path) -> None:
    """Remove a folder of ours with all that is in it, however deep and whatever its permission bits.

    Raises OSError for what cannot be removed; a folder that is not there is no fault, a link stays.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        place = os.open(folder.parent, _FOLDER & ~os.O_NOFOLLOW)
        try:
            _remove_tree(folder.name, place)
        finally:
            os.close(place)


@contextlib.contextmanager
def scratch(place: Path, prefix: str) -> Iterator[Path]:
    """A new folder in ``place`` for a stranger's build to write in, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    try:
        yield folder
    finally:
        # What cannot be removed is no reason to lose the result.
        with contextlib.suppress(OSError):
            remove_tree(folder)


def take_folder(folder: Path, name: str, target: Path) -> bool:
    """Move a folder to ``target``, a path of our own on the same disk; False where there is none.

    Neither it nor a folder above it may be a link. Links in it stay links: show it to sandboxes alone.
    """
    with contextlib.suppress(FileNotFoundError):
        above, last = _split(name)
        with _step_into(folder, above) as place:
            if stat.S_ISDIR(os.stat(last, dir_fd=place, follow_symlinks=False).st_mode):
                os.rename(last, target, src_dir_fd=place)
                return True
    return False


def _remove_tree(name: str, place: int) -> None:
    """One folder is open at a time: its depth may be more than a process may have open, or a path be long."""
    here = _entered(name, place)
    above: list[tuple[tuple[int, int], list[str]]] = []
    try:
        waiting = _without_files(here)
        while waiting or above:
            if waiting:
                inner = _entered(waiting[-1], here)
                above.append((_identity(here), waiting))
                os.close(here)
                here = inner
                waiting = _without_files(here)
            else:
                identity, waiting = above.pop()
                outer = os.open("..", _FOLDER, dir_fd=here)
                os.close(here)
                here = outer
                if _identity(here) != identity:
                    raise OSError(errno.EBUSY, "somebody moves what is being removed", name)
                os.rmdir(waiting.pop(), dir_fd=here)
    finally:
        os.close(here)
    os.rmdir(name, dir_fd=place)


def _identity(handle: int) -> tuple[int, int]:
    state = os.fstat(handle)
    return state.st_dev, state.st_ino


def _without_files(handle: int) -> list[str]:
    """Remove all but the folders of an open folder; their names."""
    folders = []
    for name in os.listdir(handle):
        if stat.S_ISDIR(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode):
            folders.append(name)
        else:
            os.unlink(name, dir_fd=handle)
    return folders


def _entered(name: str, place: int) -> int:
    """A folder opened to be emptied, with the permission bits that this takes."""
    # chmod(2) follows links, and fchmod(2) needs a folder that may be read: /proc names what O_PATH has.
    named = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    try:
        if stat.S_IMODE(os.fstat(named).st_mode) & stat.S_IRWXU != stat.S_IRWXU:
            Path(f"/proc/self/fd/{named}").chmod(stat.S_IRWXU)
        return os.open(".", _FOLDER, dir_fd=named)
    finally:
        os.close(named)


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

    Raises FileNotFoundError for a name that no file can have, and for one that leaves it: "...c" is a file
    that a series may bring, and ".." the program that is made of it.
    """
    *above, last = PurePosixPath(name).parts or ("",)
    if ".." in (*above, last) or name.startswith("/") or "\0" in name:
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
