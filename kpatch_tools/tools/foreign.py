# SPDX-License-Identifier: GPL-2.0-only
"""The machine of another architecture: Debian's kernel under qemu's TCG, with a small user space of Debian's.

The program in the guest is a Perl script: Debian has perl-base for every architecture, its syscall() reaches
any ioctl, and so no cross compiler is needed and no binary of ours is trusted. Kernel and user space come
from the same release of Debian; of the packages only what the guest needs is kept in the cache.
"""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.arch import Arch
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.run import Command
from kpatch_tools.tools import apt, confine, guest, initramfs, process
from kpatch_tools.tools.cpio import Cpio
from kpatch_tools.tools.files import cache_dir, locked, write_atomic
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Boot, Machine, Order, Plan, channels, require, supervise
from kpatch_tools.tools.probe import Acceleration, Engine, locate

# So long a kernel is taken for the current one, and nothing is asked of the network.
FRESH_S = 7 * 86400.0
DRIVERS = ("virtio_pci", "virtio_console", "kvm")
_USER_SPACE = ("busybox-static", "perl-base", "libc6", "libcrypt1")
_PERL_MODULES = ("strict.pm", "warnings.pm", "constant.pm", "warnings/register.pm")
_LIBRARIES = ("libc.so.6", "libm.so.6", "libcrypt.so.1")
_BODY = re.compile(r"^linux-image-(\d+)\.(\d+)\.(\d+)\S*$")
_PACKAGES_NAME = "packages"
_RECORD = "record"
_FETCH = ".fetch-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """What to boot: the kernel, the files of its user space (as the guest sees them), and their packages.

    ``packages`` are words such as "perl-base 5.36.0-7"; ``note`` says why an older one had to do.
    """

    arch: Arch
    kernel: Kernel
    root: Path
    packages: tuple[str, ...]
    note: str = ""


def require_qemu(arch: Arch) -> None:
    """Raise EnvironmentFault when the qemu of that architecture is not installed."""
    require(**{arch.qemu: f"apt-get install -y --no-install-recommends {arch.package}"})


def bring(arch: Arch, version: str, *, sink: Sink) -> Guest:
    """Kernel and user space of ``arch``; ``version`` ("6.12") names one of Debian's kernels, "" the newest.

    What was brought within a week needs no network. Raises EnvironmentFault when apt cannot say or fetch it
    and nothing older is there.
    """
    place = cache_dir("foreign", arch.name)
    chosen = place / f".chosen-{version or 'newest'}"
    with locked(place / ".lock"):
        # Whoever made these died by SIGKILL: the lock is ours.
        for left in place.glob(f"{_FETCH}*"):
            shutil.rmtree(left, ignore_errors=True)
        kept = _kept(place, chosen)
        if kept and time.time() - chosen.stat().st_mtime < FRESH_S:
            return _guest(arch, kept)
        try:
            folder = _fetch(arch, version, place, sink)
        except EnvironmentFault as fault:
            if not kept:
                raise
            return _guest(arch, kept, note=f"an older one, {fault.message}")
        write_atomic(chosen, folder.name, durable=False)
        return _guest(arch, folder)


def boot(  # noqa: PLR0913 - what, with what, how big, where to
    found: Guest,
    programs: Sequence[guest.Program],
    *,
    logs: Path,
    sink: Sink,
    cpus: int = 1,
    memory: str = "1G",
) -> Boot:
    """Boot once, run the programs (Perl scripts) in the guest, and return what it left; judges nothing.

    Raises EnvironmentFault when its qemu is missing; a guest that fails in any way is evidence.
    """
    require_qemu(found.arch)
    machine = Machine(kernel=found.kernel, acceleration=acceleration(found.arch), cpus=cpus, memory=memory)
    return supervise(machine, programs, logs=logs, sink=sink, plan=lambda order: _plan(found, order))


def acceleration(arch: Arch) -> Acceleration:
    """What runs the guest: always TCG, since no other processor is here."""
    return Acceleration(engine=Engine.TCG, evidence=(f"{arch.qemu} -machine {arch.machine} -cpu {arch.cpu}",))


def argv(found: Guest, order: Order, archive: Path, record: Path) -> tuple[str, ...]:
    """The command line of qemu: the kernel's log on the serial port, output and record on virtio ports."""
    arch, machine = found.arch, order.machine
    # earlycon: from the first line on; the device tree says where (Documentation/admin-guide).
    words = (f"console={arch.console}", "earlycon", "loglevel=7")
    line = [locate(arch.qemu), *confine.options(Path(locate(arch.qemu)))]
    line += ["-machine", arch.machine, "-accel", "tcg", "-cpu", arch.cpu]
    line += ["-smp", str(machine.cpus), "-m", machine.memory]
    line += ["-kernel", str(machine.kernel.image.resolve()), "-initrd", str(archive)]
    line += ["-append", " ".join((*words, *order.kernel_words))]
    return (*line, *channels(order, record))


def _plan(found: Guest, order: Order) -> Plan:
    tree = initramfs.read_modules(found.kernel.modules) if found.kernel.modules else None
    # The kernel is Debian's and the programs are ours: nothing of the series runs there.
    script = guest.alone_script(initramfs.ALONE, order.programs, order.nonce, confined=False)
    alone = initramfs.build_alone(
        tree,
        DRIVERS,
        order.words,
        busybox=found.root / "bin/busybox",
        script=script,
        programs=order.programs,
    )
    archive, record = order.folder / "initramfs", order.folder / _RECORD
    # The kernel unpacks archives that follow each other one over the other
    # (Documentation/driver-api/early-userspace/buffer-format.rst).
    archive.write_bytes(alone + _archive(found.root))
    readable = (order.machine.kernel.image.resolve(), archive)
    return Plan(argv=argv(found, order, archive, record), record=record, readable=readable)


def _archive(root: Path) -> bytes:
    """The user space but busybox, which the other archive has."""
    archive = Cpio()
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_dir():
            archive.directory(name)
        elif name != "bin/busybox":
            archive.file(name, path.read_bytes(), 0o755)
    return archive.finished()


def _kept(place: Path, chosen: Path) -> Path | None:
    """The folder that was chosen last for this version, if it is still there."""
    try:
        name = chosen.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return place / name if name and Path(name).name == name and (place / name).is_dir() else None


def _guest(arch: Arch, folder: Path, *, note: str = "") -> Guest:
    release = folder.name.removeprefix("linux-image-")
    images = sorted((folder / "boot").glob("vmlinu*"))
    if not images:
        raise EnvironmentFault(f"{folder}: there is no kernel in it", cure=f"rm -r {folder}")
    kernel = Kernel(
        image=images[0],
        release=release,
        modules=folder / "lib/modules" / release,
        origin=f"Debian's {folder.name}",
    )
    packages = (folder / _PACKAGES_NAME).read_text(encoding="utf-8").splitlines()
    return Guest(arch=arch, kernel=kernel, root=folder / "guest", packages=tuple(packages), note=note)


def _fetch(arch: Arch, version: str, place: Path, sink: Sink) -> Path:
    """Bring what is current and keep what is needed of it; returns the folder, named as the kernel is."""
    archives = apt.archives()
    release = arch.debian(archives[0].release)
    sink(Event("kernel", f"reading Debian {release}'s list of packages for {arch.name}"))
    private = apt.prepare(place / f"apt-{release}", arch.name, archives, release)
    updated = apt.update(private)
    package = _current(private, arch, version)
    if not package:
        said = [line for line in updated.tail.splitlines() if line.startswith("E: ")] or [updated.tail]
        wanted = f"kernel {version}" if version else "kernel"
        raise EnvironmentFault(
            f"apt finds no {wanted} for {arch.name} in Debian {release}"
            + ("" if updated.ok else f"; apt-get update said: {said[0]}"),
            cure="leave out --kernel for the newest one" if version else "check the network",
        )
    folder = place / package
    if folder.is_dir():
        return folder
    names = (package, *_USER_SPACE)
    size = sum(apt.sizes(private, names).values())
    sink(Event("kernel", f"downloading {package} for {arch.name} ({max(1, size >> 20)} MB)"))
    with tempfile.TemporaryDirectory(prefix=_FETCH, dir=place) as name:
        files = apt.download(private, names, Path(name))
        sink(Event("kernel", f"unpacking {package}"))
        ready = _unpack(arch, package, files, Path(name))
        shutil.move(ready, folder)
    return folder


def _current(private: apt.Apt, arch: Arch, version: str) -> str:
    """The newest kernel of that version, or of any; Debian's packages without a body depend on it."""
    name = re.compile(rf"^linux-image-(\d+\.\d+-)?{re.escape(arch.flavour)}$")
    bodies = (
        body
        for meta in apt.names(private, "linux-image-")
        if name.match(meta)
        for body in apt.depends(private, meta)
    )
    found = {tuple(map(int, match.groups())): match[0] for match in map(_BODY.match, bodies) if match}
    wanted = tuple(map(int, version.split("."))) if version else ()
    return next((found[key] for key in sorted(found, reverse=True) if key[:2] == (wanted or key[:2])), "")


def _unpack(arch: Arch, package: str, files: dict[str, Path], place: Path) -> Path:
    ready, whole = place / "ready", place / "whole"
    for name, path in files.items():
        apt.unpack(path, whole / ("kernel" if name == package else "guest"))
    _keep_kernel(package.removeprefix("linux-image-"), whole / "kernel", ready)
    _keep_user_space(arch, whole / "guest", ready / "guest")
    packages = (f"{name} {apt.version(path)}" for name, path in files.items())
    (ready / _PACKAGES_NAME).write_text("\n".join((*packages, "")), encoding="utf-8")
    return ready


def _keep_kernel(release: str, source: Path, target: Path) -> None:
    """The image, and of the modules those that the guest loads, with the tables that say in which order."""
    if not (source / "lib").exists():
        (source / "lib").symlink_to("usr/lib")
    # The package carries no modules.dep; dpkg's trigger would have made it.
    # A user's PATH need not have the folder of it.
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    argv = ("depmod", "-b", str(source), release)
    made = process.run(Command(argv=argv, timeout=600, env={"PATH": path}))
    made.ok_or_raise("cannot list the modules' dependencies", cure="apt-get install -y kmod")
    modules = source / "lib/modules" / release
    tree = initramfs.read_modules(modules)
    missing = [name for name in DRIVERS if not tree.has(name)]
    if missing:
        raise EnvironmentFault(
            f"linux-image-{release}: this kernel has no {missing[0]}",
            cure="leave --arch out for this kernel, or name another: --kernel debian:6.12",
        )
    for name in ("modules.dep", "modules.builtin", *initramfs.load_order(tree, DRIVERS)):
        _copy(source, modules / name, target / "lib/modules" / release / name)
    for image in (source / "boot").glob("vmlinu*"):
        _copy(source, image, target / "boot" / image.name)


def _keep_user_space(arch: Arch, source: Path, target: Path) -> None:
    """busybox, perl with four of its modules, and the libraries that perl is linked with."""
    _copy(source, _one(source, "**/bin/busybox"), target / "bin/busybox")
    _copy(source, _one(source, "usr/bin/perl"), target / "usr/bin/perl")
    for name in (*_LIBRARIES, arch.loader):
        _copy(source, _one(source, f"**/lib/**/{name}"), target / "lib" / name)
    for name in _PERL_MODULES:
        path = _one(source, f"usr/lib/*/perl-base/{name}")
        _copy(source, path, target / path.relative_to(source))


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise EnvironmentFault(
            f"Debian's packages have no {pattern.rpartition('*')[2].lstrip('/')}",
            cure="leave --arch out for this kernel, or name another: --kernel debian:6.12",
        )
    return found[0]


def _copy(root: Path, source: Path, target: Path) -> None:
    """A copy of what a name in the packages stands for; a link out of them would be the host's file."""
    real = source.resolve()
    if not real.is_relative_to(root.resolve()):
        raise EnvironmentFault(
            f"{source.name}: a link in Debian's packages leads to {real}",
            cure="leave --arch out for this kernel, or name another: --kernel debian:6.12",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(real, target)
