# SPDX-License-Identifier: GPL-2.0-only
"""A fresh Debian 12 in a folder, to be root in: what a runner's container is, without a container engine.

The machine's own ways to packages (apt sources, proxies, certificates, pip's index) are carried over. All
mounts are made in a mount namespace of each program's own, so there is nothing to undo.
"""

import hashlib
import os
import re
import shutil
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.tools import process
from kpatch_tools.tools.files import locked
from tests.ci.runner import CHECKOUT

SUITE = "bookworm"
# Read before any test gets a home of its own: the packed root serves many runs.
_KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvet-tests"
_CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO")
_BUNDLE = "/etc/ssl/host.crt"
_OWN = re.compile(r"^PIP_(?:(?:EXTRA_)?INDEX_URL|FIND_LINKS|TRUSTED_HOST|PROXY|DEFAULT_TIMEOUT)$")
_PROXIES = re.compile(r"^(?:https?|ftp|no|all)_proxy$", re.IGNORECASE)
_PIP = re.compile(
    r"^(?:global|install|user)\.(index-url|extra-index-url|find-links|trusted-host|proxy)='(.*)'$"
)
# Its own /proc, /sys and /dev; nobody else sees these mounts, and they end with the program.
_ENTER = """
mount -t proc proc "$0/proc"
mount --rbind /sys "$0/sys"
mount --rbind /dev "$0/dev"
exec chroot "$0" /usr/bin/env -i "$@" 2>&1
"""


def need_root() -> None:
    """Skip where no fresh root can be made."""
    if os.geteuid() != 0:
        pytest.skip("a fresh root can be made by root only")
    for name in ("debootstrap", "unshare", "chroot"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed: ci/bootstrap tests")
    if not _ran("unshare", "--mount", "true").ok:
        pytest.skip("this machine allows no mount namespace")


def make_root(folder: Path) -> Path:
    """Unpack a fresh root as ``folder``, made by debootstrap once a mirror; skip without a network."""
    mirror = _own_mirror()
    packed = _KEPT / f"{SUITE}-{hashlib.sha256(mirror.encode()).hexdigest()[:12]}.tar"
    with locked(packed.with_suffix(".lock")):
        if not packed.is_file():
            _pack(mirror, packed, folder.with_name(f"{folder.name}.making"))
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="fully_trusted")
    _carry_over(folder)
    return folder


def enter(
    root: Path, script: str, shell: str, environment: Mapping[str, str], folder: str
) -> tuple[int, str]:
    """Run a step in the root as a runner would; its code, and both streams as they came."""
    words = ("bash", "--noprofile", "--norc", "-eo", "pipefail") if shell == "bash" else ("sh", "-e")
    assigned = [f"{name}={value}" for name, value in {**environment, **_ways(root)}.items()]
    inside = ("sh", "-c", 'cd "$0" && exec "$@"', folder, *words, script)
    argv = (
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-ec",
        _ENTER,
        str(root),
        *assigned,
        *inside,
    )
    done = process.run(Command(argv=argv, timeout=1500))
    return done.returncode, done.text


def copy_checkout(target: Path) -> None:
    """The files of this checkout that git knows or would take, without a repository."""
    listed = _ran("git", "ls-files", "-co", "--exclude-standard", "-z", cwd=CHECKOUT).ok_or_raise("ls-files")
    for name in filter(None, listed.text.split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)


def _ran(*argv: str, cwd: Path | None = None, timeout: float = 60) -> RunResult:
    return process.run(Command(argv=argv, cwd=cwd, timeout=timeout))


def _own_mirror() -> str:
    """Where this machine gets that Debian from; "" on another system: debootstrap knows a mirror."""
    asked = _ran(
        "apt-get", "indextargets", "--format", "$(REPO_URI)", f"Codename: {SUITE}", "Component: main"
    )
    return next((line.rstrip("/") for line in asked.text.split() if asked.ok), "")


def _pack(mirror: str, packed: Path, folder: Path) -> None:
    made = _ran(
        "debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(folder),
        *([mirror] if mirror else []), timeout=900,
    )  # fmt: skip
    try:
        if not made.ok:
            pytest.skip(f"debootstrap cannot make {SUITE} from {mirror or 'its mirror'}: {made.text[-300:]}")
        whole = packed.with_suffix(".part")
        with tarfile.open(whole, "w") as archive:
            archive.add(folder, arcname=".")
        whole.replace(packed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _carry_over(root: Path) -> None:
    for name in ("resolv.conf", "hosts"):
        shutil.copy(Path("/etc") / name, root / "etc" / name)
    apt = root / "etc" / "apt"
    if _own_mirror():
        (apt / "sources.list").unlink(missing_ok=True)
        for source in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("debian.*")):
            if source.is_file():
                shutil.copy(source, root / source.relative_to("/"))
    # Proxies and certificates; hooks of programs that are not in the root stay out.
    settings = _ran("apt-config", "dump").text.splitlines()
    kept = [line for line in settings if line.startswith("Acquire::") and '""' not in line]
    (apt / "apt.conf.d" / "90host").write_text("".join(f"{line}\n" for line in kept))
    told = _ran(sys.executable, "-m", "pip", "config", "list").text.splitlines()
    lines = [
        f"{match[1]} = {words}"
        for line in told
        if (match := _PIP.match(line)) and (words := _remote(match[2]))
    ]
    (root / "etc" / "pip.conf").write_text("\n".join(["[global]", *lines, ""]))
    if bundle := next((os.environ[name] for name in _CERTIFICATES if os.environ.get(name)), ""):
        shutil.copy(bundle, root / _BUNDLE.lstrip("/"))


def _remote(words: str) -> str:
    """The words without the folders of this machine, which the root has not."""
    return " ".join(word for word in words.split() if not word.startswith(("/", "file:", "~", ".")))


def _ways(root: Path) -> dict[str, str]:
    """The variables that lead programs to packages, with the certificates at their place in the root."""
    found = {name: value for name, value in os.environ.items() if _PROXIES.match(name)}
    found |= {
        name: words for name, value in os.environ.items() if _OWN.match(name) and (words := _remote(value))
    }
    if (root / _BUNDLE.lstrip("/")).is_file():
        found |= dict.fromkeys(_CERTIFICATES, _BUNDLE)
    return found
