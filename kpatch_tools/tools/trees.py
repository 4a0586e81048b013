# SPDX-License-Identifier: GPL-2.0-only
"""Base trees from outside: Debian's kernel source packages, and git servers."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, ToolFailed
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.gitrun import IDENTITY, QUIET_ENVIRONMENT, heard_command, quiet_argv
from kpatch_tools.tools.process import run

STAGE = "tree"
LOOKUP_S = 60.0
LONG_S = 3600.0
QUIET_S = 600.0
# One date for all trees: the commit's id then depends on the files and the package's name alone.
TREE_DATE = "@946684800 +0000"
_FILES_TOLD = 2000
_TAR_RECORDS = 5000
_TAR_RECORD_BYTES = 10240
_CANDIDATE = re.compile(r"^  Candidate: (\S+)$", re.MULTILINE)


def candidate_version(package: str) -> str:
    """The version that apt would install, "" when apt knows none (no Debian, no package lists)."""
    asked = run(Command(argv=("apt-cache", "policy", package), timeout=LOOKUP_S))
    found = _CANDIDATE.search(asked.text) if asked.ok else None
    return "" if found is None or found.group(1) == "(none)" else found.group(1)


def installed_tarball(package: str) -> tuple[str, Path] | None:
    """Version and tarball of an installed linux-source package, None when it is not installed whole."""
    query = ("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Version}", package)
    asked = run(Command(argv=query, timeout=LOOKUP_S))
    state, _, version = asked.text.partition(" ")
    tarball = Path("/usr/src") / f"{package}.tar.xz"
    return (version, tarball) if asked.ok and state == "installed" and tarball.is_file() else None


def download_tarball(package: str, version: str, folder: Path, sink: Sink) -> Path:
    """Fetch a linux-source package with apt and take its tarball out, below ``folder``; installs nothing.

    Raises ToolFailed when apt or dpkg cannot.
    """
    sink(Event(STAGE, f"downloading {package} {version}"))
    fetch = ("apt-get", "download", "--quiet", f"{package}={version}")
    _ok(Command(argv=fetch, timeout=LONG_S, quiet_timeout=QUIET_S, cwd=folder), f"cannot download {package}")
    (archive,) = folder.glob("*.deb")
    unpack = ("dpkg-deb", "--extract", str(archive), str(folder))
    _ok(Command(argv=unpack, timeout=LONG_S), f"cannot unpack {archive.name}")
    archive.unlink()
    return folder / "usr" / "src" / f"{package}.tar.xz"


def tree_from_tarball(tarball: Path, target: Path, message: str, sink: Sink) -> None:
    """Unpack a kernel tarball to ``target`` (made whole or not at all) as a git tree with one commit.

    The commit's author, committer and dates are fixed, so its id is a function of the files and of
    ``message``. Every file is added, ignored ones too: Debian's .gitignore holds "/*". Raises ToolFailed
    when a step fails (disk full).
    """

    def fill(folder: Path) -> None:
        options = (
            "--strip-components=1",
            "--no-same-owner",
            f"--checkpoint={_TAR_RECORDS}",
            "--checkpoint-action=echo",
        )
        unpack = ("tar", "--extract", "--xz", f"--file={tarball}", f"--directory={folder}", *options)
        done = 0

        def count(_line: str) -> None:
            nonlocal done
            done += _TAR_RECORDS * _TAR_RECORD_BYTES
            sink(Event(STAGE, f"unpacking {tarball.name}: {done // 1_000_000} MB"))

        sink(Event(STAGE, f"unpacking {tarball.name}"))
        _ok(Command(argv=unpack, timeout=LONG_S), f"cannot unpack {tarball}", count)
        commit_all(folder, message, sink)

    _made_whole(target, fill)


def commit_all(folder: Path, message: str, sink: Sink, *, branch: str = "debian") -> str:
    """Make ``folder`` a git tree with one commit of everything in it on ``branch``; the commit's id.

    Raises ToolFailed when a step fails, and when the files bring a .git of their own.
    """
    if os.path.lexists(folder / ".git"):
        raise ToolFailed(f"{folder}: these files bring a .git of their own", cure="take another source")
    total = sum(1 for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    environment = {
        **{f"GIT_{who}_NAME": IDENTITY[0] for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": IDENTITY[1] for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_DATE": TREE_DATE for who in ("AUTHOR", "COMMITTER")},
    }
    seen = 0

    def count(_line: str) -> None:
        nonlocal seen
        seen += 1
        if seen % _FILES_TOLD == 0:
            sink(Event(STAGE, "adding files to git", seen, total))

    steps: tuple[tuple[str, ...], ...] = (
        ("init", "--quiet", "--template=", f"--initial-branch={branch}"),
        # Above the threshold git streams into one pack; 80,000 loose files would slow everything after.
        ("-c", "core.bigFileThreshold=1", "add", "--verbose", "--force", "--all"),
        ("commit", "--quiet", "--no-verify", f"--message={message}"),
    )
    for step in steps:
        _ok(_quiet(folder, *step, env=environment), f"cannot make a git tree in {folder}", count)
    return Repository.open(folder).head()


def tree_from_url(url: str, ref: str, target: Path, sink: Sink) -> None:
    """Bring one commit of a git server to ``target`` (made whole or not at all); no history.

    ``ref`` is a branch, a tag, or a commit id where the server allows asking for one; "" is the server's
    HEAD. The user's git configuration is heard by the fetch alone: proxies and credentials are there.
    """

    def fill(folder: Path) -> None:
        sink(Event(STAGE, f"fetching {url} {ref}".rstrip()))
        what = f"cannot fetch {url} {ref}".rstrip()
        cure = f"check the address, the name behind # and the network: git ls-remote {url}"
        fetch = ("fetch", "--quiet", "--depth=1", "--no-tags", "--end-of-options", url, ref or "HEAD")
        checkout = ("checkout", "--quiet", "--detach", "FETCH_HEAD")
        _ok(_quiet(folder, "init", "--quiet", "--template="), what)
        _ok(heard_command(*fetch, cwd=folder, timeout=LONG_S), what, cure=cure)
        # A filter of the user's (git-lfs) would do what the tree's .gitattributes and .lfsconfig say.
        _ok(_quiet(folder, *checkout), what)

    _made_whole(target, fill)


def _quiet(folder: Path, *args: str, env: Mapping[str, str] | None = None) -> Command:
    return Command(
        argv=quiet_argv(*args), timeout=LONG_S, cwd=folder, env={**QUIET_ENVIRONMENT, **(env or {})}
    )


def _made_whole(target: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder under a temporary name beside ``target``, then give it its name."""
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=".making-"))
    try:
        fill(folder)
        folder.chmod(0o755)
        folder.replace(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _ok(
    command: Command, what: str, on_line: Callable[[str], None] | None = None, *, cure: str = ""
) -> RunResult:
    result = run(command, on_line=on_line)
    if result.ended is Ended.NOT_FOUND:
        raise EnvironmentFault(f"{what}: {command.argv[0]} is not installed", cure="kvet doctor")
    if "No space left on device" in result.error_text:
        raise ToolFailed(
            f"{what}: the disk is full",
            tail=result.tail,
            cure="make room there; a kernel tree takes 4 GB, in the cache or where XDG_CACHE_HOME says",
        )
    return result.ok_or_raise(what, cure=cure)
