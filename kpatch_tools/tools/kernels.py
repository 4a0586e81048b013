# SPDX-License-Identifier: GPL-2.0-only
"""Kernels to boot: an image on disk with its modules, or a stock kernel from Debian's archive."""

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.run import Command, Ended
from kpatch_tools.tools import process
from kpatch_tools.tools.apt import known_versions
from kpatch_tools.tools.files import cache_dir, locked

DOWNLOAD_TIMEOUT_S = 1200.0

_DEBIAN = re.compile(r"^debian:(\d+\.\d+)$")
_PACKAGE = re.compile(r"^linux-image-[A-Za-z0-9.+~-]+$")
# Documentation/arch/x86/boot.rst: "HdrS" at 0x202, offset of the version string (less 0x200) at 0x20e.
_MAGIC_AT, _MAGIC, _VERSION_AT, _SETUP = 0x202, b"HdrS", 0x20E, 0x200
_HEADER_BYTES = 0x8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """A bootable kernel: image, release ("6.12.117+deb12-amd64") and its module folder, None when built in.

    ``origin`` says where it comes from, for the report; ``tables`` holds its symbols and line tables, None
    without (tools.addresses).
    """

    image: Path
    release: str
    modules: Path | None = None
    origin: str = ""
    tables: Path | None = None


def from_image(image: Path, *, root: Path = Path("/")) -> Kernel:
    """A kernel from its x86 image; modules are looked for beside it and under /lib/modules.

    Raises UserError when the file is no bootable x86 kernel image.
    """
    release = image_release(image)
    beside = image.resolve().parent.parent
    places = (beside / "lib/modules", beside / "usr/lib/modules", root / "lib/modules")
    modules = next((place / release for place in places if (place / release).is_dir()), None)
    return Kernel(image=image, release=release, modules=modules, origin=str(image))


def image_release(image: Path) -> str:
    """The release that an x86 bzImage carries in its setup header; UserError for what is no such image."""
    try:
        with image.open("rb") as stream:
            head = stream.read(_HEADER_BYTES)
    except OSError as error:
        raise UserError(
            f"{image}: {error.strerror}", cure="--kernel IMAGE, or --kernel debian:6.12"
        ) from error
    place = int.from_bytes(head[_VERSION_AT : _VERSION_AT + 2], "little") + _SETUP
    words = head[place : place + 256].partition(b"\0")[0].split()
    if head[_MAGIC_AT : _MAGIC_AT + 4] != _MAGIC or place == _SETUP or not words:
        raise UserError(
            f"{image} is no x86 kernel image (no boot header)",
            cure="name a vmlinuz or arch/x86/boot/bzImage, not a vmlinux",
        )
    release = words[0].decode(errors="replace")
    # Folders are named by it.
    if "/" in release or release in {".", ".."}:
        raise UserError(f"{image}: its release {release[:80]!r} is no name", cure="name another image")
    return release


def select(spec: str, *, sink: Sink) -> Kernel:
    """The kernel that ``--kernel`` names: "debian:6.12", or the path of an image."""
    debian = _DEBIAN.match(spec)
    if debian:
        return debian_kernel(debian[1], sink=sink)
    if spec.startswith("debian:"):
        raise UserError(
            f"--kernel {spec}: Debian's kernels are named as debian:6.12",
            cure="--kernel debian:6.12, or the path of a vmlinuz",
        )
    return from_image(Path(spec))


def debian_kernel(version: str, *, sink: Sink) -> Kernel:
    """Debian's stock kernel of that version, unpacked into the cache and not installed.

    The meta package ``linux-image-VERSION-amd64`` names the current one, or ``linux-image-amd64`` where that
    is of this version. Raises UserError for a version that apt does not know though it knows others,
    EnvironmentFault when apt cannot say or fetch it; a kernel that is already unpacked needs no network.
    """
    sink(Event("kernel", f"looking for linux-image-{version}-amd64"))
    package = _current_package(version)
    folder = cache_dir("kernels", "debian") / package
    with locked(cache_dir("kernels", "debian") / f".{package}.lock"):
        if not folder.is_dir():
            _fetch(package, folder, sink)
    release = package.removeprefix("linux-image-")
    image = folder / "boot" / f"vmlinuz-{release}"
    kernel = from_image(image, root=folder)
    return Kernel(image=image, release=kernel.release, modules=kernel.modules, origin=f"Debian's {package}")


def _current_package(version: str) -> str:
    meta = f"linux-image-{version}-amd64"
    # The kernel of the release itself is meant by a name without a version.
    for name in (meta, "linux-image-amd64"):
        command = Command(argv=("apt-cache", "depends", "--important", name), timeout=60)
        result = process.run(command)
        if result.ended is Ended.NOT_FOUND:
            raise EnvironmentFault(
                "apt-cache is not installed: this is no Debian machine",
                cure="--kernel IMAGE, with the path of a vmlinuz",
            )
        needs = (line.partition("Depends:")[2].strip() for line in result.text.splitlines() if result.ok)
        for package in needs:
            if _PACKAGE.match(package) and package.startswith(f"linux-image-{version}."):
                return package
    kept = _unpacked(version)
    if kept:
        return kept
    if known := known_versions("linux-image-", r"\.\S+-amd64"):
        raise UserError(
            f"--kernel debian:{version}: apt knows no such kernel, only {', '.join(known)}",
            cure=f"--kernel debian:{known[-1]}, or the path of a vmlinuz",
        )
    raise EnvironmentFault(f"apt knows no package {meta}", cure="apt-get update")


def _unpacked(version: str) -> str:
    """The newest kernel of that version in the cache, for a machine whose package lists are gone."""
    names = sorted(
        path.name for path in cache_dir("kernels", "debian").glob(f"linux-image-{version}.*") if path.is_dir()
    )
    return names[-1] if names else ""


def _fetch(package: str, folder: Path, sink: Sink) -> None:
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder.parent) as name:
        place = Path(name)
        sink(Event("kernel", f"downloading {package} (about 100 MB)"))
        # The sandbox user of apt cannot write into our folder; without it apt prints a warning.
        argv = ("apt-get", "download", "-oAPT::Sandbox::User=root", package)
        download = process.run(Command(argv=argv, cwd=place, timeout=DOWNLOAD_TIMEOUT_S))
        download.ok_or_raise(f"cannot download {package}", cure="apt-get update, and check the network")
        archives = list(place.glob("*.deb"))
        if len(archives) != 1:
            raise EnvironmentFault(
                f"apt-get download {package} left {len(archives)} packages",
                cure="apt-get update, then once more",
            )
        sink(Event("kernel", f"unpacking {package}"))
        unpacked = place / "unpacked"
        argv = ("dpkg", "-x", str(archives[0]), str(unpacked))
        process.run(Command(argv=argv, timeout=600)).ok_or_raise(f"cannot unpack {archives[0].name}")
        # The package carries no modules.dep; dpkg's trigger would have made it.
        release = package.removeprefix("linux-image-")
        argv = ("depmod", "-b", str(unpacked), release)
        made = process.run(Command(argv=argv, timeout=600))
        made.ok_or_raise("cannot list the modules' dependencies", cure="apt-get install -y kmod")
        shutil.move(unpacked, folder)
