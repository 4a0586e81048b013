# SPDX-License-Identifier: GPL-2.0-only
"""Packages of another architecture, from Debian's archive, without a word to the host's dpkg.

apt runs with lists, cache and an empty status file of its own below our cache: nothing is installed, no
architecture is added, and root is not needed. Where the packages come from is what the host's own apt is
configured for, proxies and passwords included.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from kpatch_tools.errors import EnvironmentFault, ToolFailed
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.parse.aptsources import Archive, parse_targets, parse_uris
from kpatch_tools.tools import process
from kpatch_tools.tools.files import write_atomic

UPDATE_TIMEOUT_S = 600.0
DOWNLOAD_TIMEOUT_S = 1200.0
# Debian's package debian-archive-keyring; without it apt's own trusted keys have to do.
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Commands that an image hangs onto every update ("docker-clean"); they are the host's business.
_NO_HOOKS = "".join(
    f"#clear APT::Update::{when};\n" for when in ("Pre-Invoke", "Post-Invoke", "Post-Invoke-Success")
)
_PACKAGE = re.compile(r"^[a-z0-9][a-z0-9+.-]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Apt:
    """apt for one architecture and one release of Debian, with everything of its own below ``folder``."""

    arch: str
    release: str
    folder: Path

    def argv(self, program: str, *words: str) -> tuple[str, ...]:
        """The command line of apt-get or apt-cache with our own lists, cache and sources."""
        places = {
            "APT::Architecture": self.arch,
            "APT::Architectures": self.arch,
            "Dir::State::Lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Etc::SourceList": "/dev/null",
            "Dir::Etc::SourceParts": self.folder / "sources",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            # apt's own user cannot write into a folder of ours.
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        options = (f"-o{name}={value}" for name, value in places.items())
        return (program, "-c", str(self.folder / "apt.conf"), *options, *words)


def known_versions(before: str, behind: str = "") -> tuple[str, ...]:
    """The kernel versions ("6.1") in the names of packages that the host's own apt knows, oldest first.

    ``before`` is how such a name begins, ``behind`` a pattern for what follows the version. () without apt.
    """
    result = process.run(Command(argv=("apt-cache", "pkgnames", before), timeout=60))
    name = re.compile(rf"^{re.escape(before)}(\d+)\.(\d+){behind}$", re.MULTILINE)
    found = {(int(first), int(second)) for first, second in name.findall(result.text) if result.ok}
    return tuple(f"{first}.{second}" for first, second in sorted(found))


def archives() -> tuple[Archive, ...]:
    """Debian's archives as this machine's apt is configured; EnvironmentFault when it names none."""
    argv = ("apt-get", "indextargets", "Created-By: Packages")
    result = process.run(Command(argv=argv, timeout=60))
    if result.ended is Ended.NOT_FOUND:
        raise EnvironmentFault(
            "apt-get is not installed: kernels of other architectures come from Debian's packages",
            cure="use a Debian machine",
        )
    found = parse_targets(result.text)
    if not found:
        raise EnvironmentFault("apt knows no archive of Debian on this machine", cure="apt-get update")
    return found


def prepare(folder: Path, arch: str, found: Sequence[Archive], release: str) -> Apt:
    """Write the private configuration: the same archives as the host's, for that release and architecture."""
    host = found[0].release
    for name in ("lists/partial", "cache/archives/partial", "sources"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_atomic(folder / "status", "", durable=False)
    write_atomic(folder / "apt.conf", _NO_HOOKS, durable=False)
    stanzas = (_stanza(archive, arch, host, release) for archive in found if archive.release == host)
    write_atomic(folder / "sources" / "kvet.sources", "\n".join(dict.fromkeys(stanzas)), durable=False)
    return Apt(arch=arch, release=release, folder=folder)


def _stanza(archive: Archive, arch: str, host: str, release: str) -> str:
    """One source in the form of sources.list(5); "bookworm-security" for trixie is "trixie-security"."""
    lines = [
        "Types: deb",
        f"URIs: {archive.uri}",
        f"Suites: {release}{archive.codename.removeprefix(host)}",
        f"Components: {archive.component}",
        f"Architectures: {arch}",
    ]
    if _KEYRING.is_file():
        lines.append(f"Signed-By: {_KEYRING}")
    return "\n".join((*lines, ""))


def update(apt: Apt) -> RunResult:
    """Bring the lists. A mirror that is half synced fails in part; what there is then has to do."""
    return process.run(Command(argv=apt.argv("apt-get", "-q", "update"), timeout=UPDATE_TIMEOUT_S))


def names(apt: Apt, prefix: str) -> tuple[str, ...]:
    """Every package whose name begins so; () when apt knows none."""
    result = process.run(Command(argv=apt.argv("apt-cache", "pkgnames", prefix), timeout=60))
    return tuple(sorted(name for name in result.text.split() if _PACKAGE.match(name))) if result.ok else ()


def depends(apt: Apt, package: str) -> tuple[str, ...]:
    """What a package depends on, by name; () for a package that apt does not know."""
    argv = apt.argv("apt-cache", "depends", "--important", package)
    result = process.run(Command(argv=argv, timeout=60))
    lines = (line.partition("Depends:") for line in result.text.splitlines() if result.ok)
    return tuple(name.strip() for _, there, name in lines if there and _PACKAGE.match(name.strip()))


def sizes(apt: Apt, packages: Sequence[str]) -> dict[str, int]:
    """File name of each package and its size in bytes; ToolFailed for one that apt does not know."""
    argv = apt.argv("apt-get", "-q", "download", "--print-uris", *packages)
    result = process.run(Command(argv=argv, timeout=60)).ok_or_raise(
        f"Debian {apt.release} for {apt.arch} lacks a package", cure="apt-get update"
    )
    return parse_uris(result.text)


def download(apt: Apt, packages: Sequence[str], folder: Path) -> dict[str, Path]:
    """Bring packages into ``folder``, checked by apt against the signed lists; name -> file."""
    argv = apt.argv("apt-get", "-q", "download", *packages)
    result = process.run(Command(argv=argv, cwd=folder, timeout=DOWNLOAD_TIMEOUT_S))
    result.ok_or_raise(f"cannot download {packages[0]} for {apt.arch}", cure="check the network and the disk")
    files = {path.name.partition("_")[0]: path for path in sorted(folder.glob("*_*.deb"))}
    missing = [name for name in packages if name not in files]
    if missing:
        raise ToolFailed(
            f"apt-get download did not leave {missing[0]}",
            tail=result.tail,
            cure="apt-get update, then once more",
        )
    return {name: files[name] for name in packages}


def version(archive: Path) -> str:
    """The version that the name of a package file carries: name_version_architecture.deb."""
    return unquote(archive.name.split("_")[1])


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the files of a package into a folder, as dpkg -x does; nothing is installed, nothing runs."""
    folder.mkdir(parents=True, exist_ok=True)
    argv = ("dpkg", "-x", str(archive), str(folder))
    process.run(Command(argv=argv, timeout=600)).ok_or_raise(f"cannot unpack {archive.name}")
