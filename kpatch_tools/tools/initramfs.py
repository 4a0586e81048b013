# SPDX-License-Identifier: GPL-2.0-only
"""A small initramfs: load modules in order, mount the host's root, hide udev, hand over to init.

virtme-ng makes one of its own for modular kernels, but hands it to qemu as an open file that is gone after
``--dry-run``; and with the whole module folder visible in the guest udev loads drivers for 12 seconds under
TCG. Here only what the test needs is loaded, with the parameters of the mode under test. The guest's script
needs no udev either, which is half of the time from power-on to the first test.
"""

import gzip
import lzma
import shlex
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command
from kpatch_tools.tools import process

# Not "/dev/root": a kernel before 6.6 without the block layer cuts "/dev/" off (init/do_mounts.c) and then
# finds no 9p channel of that name.
ROOT_TAG = "kvetroot"

_DIRECTORIES = ("bin", "dev", "proc", "modules", "newroot")
_UDEV_PLACES = "/usr/lib/systemd"
_NODES = (("dev/console", 5, 1), ("dev/null", 1, 3), ("dev/kmsg", 1, 11))
_ROOT_OPTIONS = "ro,version=9p2000.L,trans=virtio,access=any,msize=524288"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleTree:
    """A kernel's module folder (``/lib/modules/<release>``) as modules.dep and modules.builtin list it."""

    folder: Path
    dependencies: Mapping[str, tuple[str, ...]]
    builtin: frozenset[str]

    def has(self, name: str) -> bool:
        """The driver is in this kernel, built in or as a module."""
        return name in self.builtin or _plain(name) in {_name(path) for path in self.dependencies}

    def is_module(self, name: str) -> bool:
        """The driver is a module and must be loaded."""
        return any(_name(path) == _plain(name) for path in self.dependencies)


def read_modules(folder: Path) -> ModuleTree:
    """Read a module folder; EnvironmentFault when it has no modules.dep."""
    try:
        lines = (folder / "modules.dep").read_text(errors="replace").splitlines()
    except OSError as error:
        base, release = folder.parent.parent.parent, folder.name
        cure = shlex.join(["depmod", "-b", str(base), release])
        raise EnvironmentFault(f"{folder}/modules.dep: {error.strerror}", cure=cure) from error
    dependencies = {}
    for line in lines:
        path, colon, needs = line.partition(":")
        if colon:
            dependencies[path.strip()] = tuple(needs.split())
    try:
        builtin = (folder / "modules.builtin").read_text(errors="replace").split()
    except OSError:
        builtin = []
    return ModuleTree(
        folder=folder, dependencies=dependencies, builtin=frozenset(_name(path) for path in builtin)
    )


def load_order(tree: ModuleTree, names: Iterable[str]) -> tuple[str, ...]:
    """Paths of the modules to load, dependencies first; a driver that is built in or unknown adds nothing.

    modules.dep lists the dependencies of a module in reverse order of loading (modules.dep(5)).
    """
    by_name = {_name(path): path for path in tree.dependencies}
    order: dict[str, None] = {}
    for name in names:
        path = by_name.get(_plain(name))
        if path:
            order.update(dict.fromkeys((*reversed(tree.dependencies[path]), path)))
    return tuple(order)


def build(
    tree: ModuleTree | None,
    names: Iterable[str],
    parameters: Mapping[str, tuple[str, ...]],
    *,
    busybox: Path,
) -> bytes:
    """The archive (newc cpio). ``parameters`` maps a module's name to its ``key=value`` words.

    Without a ``tree`` nothing is loaded: the kernel has built in what it needs.
    """
    archive = _Cpio()
    for name in _DIRECTORIES:
        archive.directory(name)
    for name, major, minor in _NODES:
        archive.node(name, major, minor)
    archive.file("bin/busybox", busybox.read_bytes(), 0o755)
    loads = []
    for index, path in enumerate(load_order(tree, names) if tree else ()):
        assert tree
        target = f"modules/{index:02d}-{_name(path)}.ko"
        archive.file(target, _uncompressed(tree.folder / path), 0o644)
        words = shlex.join(parameters.get(_name(path), ()))
        loads.append(f"$b insmod /{target} {words} || say 'cannot load {_name(path)}'")
    archive.file("init", _init_script(loads).encode(), 0o755)
    return archive.finished()


def _init_script(loads: Iterable[str]) -> str:
    return "\n".join(
        (
            "#!/bin/busybox sh",
            "b=/bin/busybox",
            'say() { echo "<3>kvet: initramfs: $1" > /dev/kmsg; }',
            "$b mount -t proc proc /proc",
            "for word in $($b cat /proc/cmdline); do",
            "  case $word in init=*) init=${word#init=};; esac",
            "done",
            *loads,
            f"$b mount -t 9p -o {_ROOT_OPTIONS} {ROOT_TAG} /newroot || say 'cannot mount the root'",
            "$b umount /proc",
            # udevd is not there for virtme-ng-init, which then goes on without.
            f"for place in {_UDEV_PLACES}; do",
            '  [ -d "/newroot$place" ] && $b mount -t tmpfs tmpfs "/newroot$place"',
            "done",
            'exec $b switch_root /newroot "$init"',
            "",
        )
    )


def _plain(name: str) -> str:
    return name.replace("-", "_")


def _name(path: str) -> str:
    return _plain(path.rpartition("/")[2].partition(".ko")[0])


def _uncompressed(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EnvironmentFault(f"{path}: {error.strerror}") from error
    if path.suffix == ".xz":
        return lzma.decompress(raw)
    if path.suffix == ".gz":
        return gzip.decompress(raw)
    if path.suffix == ".zst":
        unpack = Command(argv=("zstd", "-dcq", str(path)), timeout=60)
        return process.run(unpack).ok_or_raise(f"unpacking {path}", cure="apt-get install -y zstd").stdout
    return raw


class _Cpio:
    """Writer of the "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._inode = 0

    def directory(self, name: str) -> None:
        self._entry(name, stat.S_IFDIR | 0o755)

    def node(self, name: str, major: int, minor: int) -> None:
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def file(self, name: str, body: bytes, mode: int) -> None:
        self._entry(name, stat.S_IFREG | mode, body)

    def finished(self) -> bytes:
        self._entry("TRAILER!!!", 0)
        return bytes(self._out)

    def _entry(self, name: str, mode: int, body: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        self._inode += 1
        raw = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(body), 0, 0, *device, len(raw), 0)
        self._out += b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        self._pad()
        self._out += body
        self._pad()

    def _pad(self) -> None:
        self._out += b"\0" * (-len(self._out) % 4)
