# SPDX-License-Identifier: GPL-2.0-only
"""Small initramfs archives: one that is the whole guest, and one that mounts the host's root (--host-root).

virtme-ng makes one of its own for modular kernels, but hands it to qemu as an open file that is gone after
``--dry-run``; and with the whole module folder visible in the guest udev loads drivers for 12 seconds under
TCG. Here only what the test needs is loaded, with the parameters of the mode under test. The guest's script
needs no udev either, which is half of the time from power-on to the first test.

The guest that stands alone holds busybox, the programs and the script, and virtme-ng's init where its
machine is asked for; it is up in a tenth of that time.
"""

import lzma
import re
import shlex
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command
from kpatch_tools.tools import guest, process
from kpatch_tools.tools.cpio import Cpio

# Not "/dev/root": a kernel before 6.6 without the block layer cuts "/dev/" off (init/do_mounts.c) and then
# finds no 9p channel of that name.
ROOT_TAG = "kvetroot"

_DIRECTORIES = ("bin", "dev", "proc", "modules", "newroot")
# Where the guest that stands alone keeps script and programs; it has no other files of ours.
ALONE = PurePath("/kvet")
# Where the init of virtme-ng lies in it, and the folders that it would find.
INIT = PurePath("/kvet/init")
_FOR_INIT = ("var", "var/tmp", "usr", "lib")
_TABLES = (("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"), ("etc/group", "root:x:0:\ntty:x:5:\n"))
_MOUNTS = (
    ("proc", "proc", ""),
    ("sysfs", "sys", ""),
    ("devtmpfs", "dev", ""),
    ("tmpfs", "tmp", "mode=1777"),
    ("tmpfs", "run", "mode=755"),
    ("debugfs", "sys/kernel/debug", ""),
    ("tracefs", "sys/kernel/tracing", ""),
)
_UDEV_PLACES = "/usr/lib/systemd"
_NODES = (("dev/console", 5, 1), ("dev/null", 1, 3), ("dev/kmsg", 1, 11))
# What modules.dep may name: a file below the folder, in letters that the shell of the guest does not obey.
_MODULE = re.compile(
    r"(?:[A-Za-z0-9_+,-][\w+,.-]*/)*[A-Za-z0-9_+,-][\w+,.-]*\.ko(?:\.xz|\.gz|\.zst)?", re.ASCII
)
_ENDING = re.compile(r"\.ko(?:\.xz|\.gz|\.zst)?$")
# No module that a test needs comes near.
_LARGEST_MODULE = 256 << 20
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
    archive = _begun(_DIRECTORIES, busybox)
    loads = [
        f"$b insmod /{target} {words} || say 'cannot load {name}'"
        for target, words, name in _modules(archive, tree, names, parameters)
    ]
    archive.file("init", _init_script(loads).encode(), 0o755)
    return archive.finished()


def build_alone(  # noqa: PLR0913 - the parts of a whole guest
    tree: ModuleTree | None,
    names: Iterable[str],
    parameters: Mapping[str, tuple[str, ...]],
    *,
    busybox: Path,
    script: str,
    programs: Sequence[guest.Program],
    launcher: Path | None = None,
    init: Path | None = None,
) -> bytes:
    """The archive of a guest that needs no host: its init loads drivers and becomes ``script``.

    A module that does not load ends the machine with a word on the console, which checks/vm.py knows.
    ``launcher`` is the host's file of the program that starts the others. With ``init`` that program runs
    after ours as the first process, as INIT, and has to start the script itself.
    """
    archive = _begun(("bin", "dev", "etc", "kvet", "kvet/bin", "modules", "proc", "root", "run"), busybox)
    for name in ("sys", "tmp", *(_FOR_INIT if init else ())):
        archive.directory(name)
    archive.link("bin/sh", "busybox")
    for name, text in _TABLES:
        archive.file(name, text.encode(), 0o644)
    if launcher:
        archive.file(str((ALONE / guest.LAUNCHER).relative_to("/")), _read(launcher), 0o755)
    if init:
        archive.file(str(INIT.relative_to("/")), _read(init), 0o755)
    table = "".join(
        f"{kind} /{place} {kind} {options or 'defaults'} 0 0\n" for kind, place, options in _MOUNTS
    )
    archive.file("etc/fstab", table.encode(), 0o644)
    for index, program in enumerate(programs, 1):
        place = guest.inside(ALONE, index, program).relative_to("/")
        archive.directory(str(place.parent))
        archive.file(str(place), _read(program.binary), 0o755)
    archive.file("kvet/run.sh", script.encode(), 0o700)
    loads = [
        f"insmod /{target} {words} || fail 'cannot load {name}'"
        for target, words, name in _modules(archive, tree, names, parameters)
    ]
    archive.file("init", _alone_init(loads, init=init is not None).encode(), 0o755)
    return archive.finished()


def _begun(folders: Iterable[str], busybox: Path) -> Cpio:
    archive = Cpio()
    for name in folders:
        archive.directory(name)
    for name, major, minor in _NODES:
        archive.node(name, major, minor)
    archive.file("bin/busybox", _read(busybox), 0o755)
    return archive


def _modules(
    archive: Cpio, tree: ModuleTree | None, names: Iterable[str], parameters: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str, str]]:
    """Put the modules in; for each its place, its parameters as words of the shell, and its name."""
    for index, path in enumerate(load_order(tree, names) if tree else ()):
        assert tree
        target = f"modules/{index:02d}-{_name(path)}.ko"
        archive.file(target, _module(tree.folder, path), 0o644)
        yield target, shlex.join(parameters.get(_name(path), ())), _name(path)


def _alone_init(loads: Iterable[str], *, init: bool) -> str:
    own = (
        # By its name, since busybox finds itself through /proc otherwise.
        "/bin/busybox mount -a 2> /dev/null",
        "mkdir -m 1777 /dev/shm && mount -t tmpfs tmpfs /dev/shm",
        *loads,
        # As the first process, which no signal ends.
        f"exec sh {ALONE}/run.sh",
    )
    other = (
        # busybox finds itself through /proc; the other one mounts it anew.
        "/bin/busybox mount -t proc proc /proc",
        *loads,
        "umount /proc",
        f"exec {INIT}",
    )
    return "\n".join(
        (
            "#!/bin/busybox sh",
            "export PATH=/bin HOME=/root",
            'fail() { echo "<3>kvet: initramfs: $1" > /dev/kmsg; exec reboot -f; }',
            *(other if init else own),
            "",
        )
    )


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


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EnvironmentFault(
            f"{path}: {error.strerror}", cure="make room in TMPDIR, or name another folder there"
        ) from error


def _module(folder: Path, name: str) -> bytes:
    """A module that modules.dep names; EnvironmentFault for a file that is none.

    Whoever built the kernel wrote that list and that folder: a name or a link in it may lead to any file of
    the user's, which the guest would then have.
    """
    path = folder / name
    try:
        found = path.resolve(strict=True)
        module = _MODULE.fullmatch(name) and _ENDING.search(found.name) and found.is_file()
        if not module or found.stat().st_size > _LARGEST_MODULE:
            raise EnvironmentFault(f"{folder}/modules.dep names {name!r}, which is no module", cure=_CURE)
        return _uncompressed(path)
    except (OSError, RuntimeError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise EnvironmentFault(f"{path} cannot be read: {error}", cure=_CURE) from error


_CURE = "install the modules of that kernel anew: make modules_install"


def _uncompressed(path: Path) -> bytes:
    raw = _read(path)
    if path.suffix == ".xz":
        return lzma.LZMADecompressor().decompress(raw, _LARGEST_MODULE)
    if path.suffix == ".gz":
        return zlib.decompressobj(wbits=31).decompress(raw, _LARGEST_MODULE)
    if path.suffix == ".zst":
        unpack = Command(argv=("zstd", "-dcq", str(path)), timeout=60)
        return process.run(unpack).ok_or_raise(f"unpacking {path}", cure="apt-get install -y zstd").stdout
    return raw
