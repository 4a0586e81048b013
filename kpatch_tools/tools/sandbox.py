# SPDX-License-Identifier: GPL-2.0-only
"""The one place that says how a stranger's code is run: what bubblewrap shows it, and what it may use.

It gets namespaces of its own (network, processes, IPC, host name, cgroups, users), no capability and no way
to new ones, the system's programs read-only, the folders that its Command names, and an empty /tmp; no home,
no socket, no key, no other checkout, no variable of the caller's environment. It dies with kvet. Two things
were measured with bubblewrap 0.8 and are mended here: root without any capability still owns what lies below
/proc/sys, so all of /proc is read-only; and / and /dev are in memory without a limit, so they are as well.

root in a chroot may make no user namespace, and bubblewrap cannot work where / is no mount point: there the
root is mounted once more first, in a mount namespace of its own, and the user namespace is left out.
"""

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command
from kpatch_tools.model.sandbox import GIB, Limits, Sandbox
from kpatch_tools.tools import cgroup, seccomp
from kpatch_tools.tools.meminfo import memory_available
from kpatch_tools.tools.private import private_folder

PROGRAM = "bwrap"
# Set by --no-sandbox for the thread that runs a command; the report tells it.
OFF: ContextVar[bool] = ContextVar("kvet_no_sandbox", default=False)
TRUST = "--no-sandbox runs the code unprotected"

_TEMPORARY = "/tmp"  # noqa: S108 - an empty one of the sandbox's own
_SHARED_BYTES = 64 << 20
# A program maps more than it uses: what is used is watched, this keeps one from asking for the moon.
_LEAST_SPACE = 8 * GIB
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_ETC = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
# Whatever lies there is somebody's own, or a socket.
NO_TOOLS = ("/home", "/root", "/run", "/tmp", "/var", "/etc", "/proc", "/dev", "/sys")  # noqa: S108 - left out
# What a program finds by its own place: GNU Coding Standards, "Directory Variables"; a venv's file.
_BESIDE = frozenset({"bin", "sbin", "lib", "lib32", "lib64", "libexec", "include", "share", "pyvenv.cfg"})
_MACHINE = re.compile(r"(?:x86_64|i[3-6]86|aarch64|arm\w*|riscv\w*|powerpc\w*|s390x?|loongarch64|mips\w*)-")
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
# What of the caller's environment reaches the program: nothing that can hold a secret.
_PASSED = ("CCACHE_DISABLE", "CCACHE_RECACHE")
_APART = (
    "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
    "--die-with-parent", "--new-session", "--cap-drop", "ALL",
)  # fmt: skip
# --disable-userns: no program makes a namespace in which it would have capabilities again.
_USERS = ("--unshare-user", "--disable-userns")
_STATUS_BYTES = 8192
_ROOT_AGAIN = 'mount --rbind / "$0" && chroot "$0" "$@"; code=$?; umount -l "$0"; exit $code'
_FOLDER_PREFIX = "kvet-root-"


@contextlib.contextmanager
def unprotected() -> Iterator[None]:
    """What this thread runs in here, it runs without a sandbox."""
    before = OFF.set(True)
    try:
        yield
    finally:
        OFF.reset(before)


@dataclass(slots=True, kw_only=True)
class Launch:
    """One way to start a command in a sandbox; ``status`` is where bubblewrap tells what became of it."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    status: int
    passed: tuple[int, ...]
    said: bytes = b""

    def _told(self, name: str) -> int | None:
        with contextlib.suppress(BlockingIOError):
            while len(self.said) < _STATUS_BYTES and (more := os.read(self.status, _STATUS_BYTES)):
                self.said += more
        for line in self.said.splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                value = json.loads(line).get(name)
                if isinstance(value, int):
                    return value
        return None

    @property
    def first(self) -> int:
        """The process that is number 1 inside, by its number outside; 0 when there is none."""
        return self._told("child-pid") or 0

    @property
    def inside(self) -> int:
        """The inode of its PID namespace, 0 when there is none."""
        return self._told("pid-namespace") or 0

    @property
    def entered(self) -> bool:
        """The sandbox stood, and a program ran in it to its end: no word of the program's can tell this."""
        return self._told("exit-code") is not None


@contextlib.contextmanager
def launch(command: Command, asked: Sandbox, *, users: bool) -> Iterator[Launch]:
    """Start ``command`` so, with a user namespace or without. Raises EnvironmentFault without bubblewrap."""
    program = shutil.which(PROGRAM)
    if not program:
        raise EnvironmentFault(
            f"bubblewrap is not installed: a stranger's code is run in its sandbox, or not at all ({TRUST})",
            cure="apt-get install -y bubblewrap",
        )
    with contextlib.ExitStack() as stack:
        again: tuple[str, ...] = ()
        if not users and not root_is_mounted():
            place = stack.enter_context(private_folder(_FOLDER_PREFIX))
            again = ("unshare", "--mount", "--propagation", "unchanged", "sh", "-c", _ROOT_AGAIN, str(place))
        read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        stack.callback(os.close, read)
        stack.callback(os.close, write)
        calls = stack.enter_context(_filter())
        words = ("--seccomp", str(calls), *arguments(command, asked, users=users))
        group = stack.enter_context(cgroup.bounded(most_processes(asked.limits)))
        argv = (*group, *again, program, "--json-status-fd", str(write), *words)
        yield Launch(argv=argv, env=environment(command), status=read, passed=(write, calls))


@contextlib.contextmanager
def _filter() -> Iterator[int]:
    """A descriptor that the filter of system calls is read from."""
    read, write = os.pipe2(os.O_CLOEXEC)
    try:
        # It is far smaller than a pipe, so nobody has to read meanwhile.
        os.write(write, seccomp.program())
        os.close(write)
        yield read
    finally:
        os.close(read)


def ways() -> tuple[bool, ...]:
    """With a user namespace, and for root once more without one: nobody else can do without."""
    return (True, False) if os.geteuid() == 0 else (True,)


def refused(words: str) -> EnvironmentFault:
    """Why no sandbox could be set up, by bubblewrap's own words."""
    last = next((line for line in reversed(words.strip().splitlines()) if line.strip()), "it gave no reason")
    return EnvironmentFault(
        f"bubblewrap makes no sandbox here, and a stranger's code is not run without one ({TRUST}): {last}",
        cure="allow namespaces: on Ubuntu sysctl kernel.apparmor_restrict_unprivileged_userns=0, for a "
        "container --privileged or --security-opt seccomp=unconfined --security-opt systempaths=unconfined",
    )


def environment(command: Command) -> dict[str, str]:
    """The whole environment of the program: what it needs and what its Command says."""
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {
        "PATH": search_path(),
        "HOME": _TEMPORARY,
        "TMPDIR": _TEMPORARY,
        "LC_ALL": "C",
        **passed,
        **command.env,
    }


def search_path() -> str:
    """The caller's PATH without what the sandbox does not show."""
    shown = (*map(Path, _SYSTEM), *_tools())
    kept = [
        name
        for name in os.environ.get("PATH", "").split(":")
        if name.startswith("/") and any(Path(name).is_relative_to(folder) for folder in shown)
    ]
    return ":".join(dict.fromkeys((*kept, *_PATH.split(":"))))


def arguments(command: Command, asked: Sandbox, *, users: bool) -> tuple[str, ...]:
    """The options of bubblewrap, and the program behind them."""
    words = [*_APART, *(_USERS if users else ())]
    words += _system()
    words += ["--proc", "/proc", "--dev", "/dev"]
    words += ["--size", str(_SHARED_BYTES), "--tmpfs", "/dev/shm"]  # noqa: S108 - the sandbox's own
    words += ["--size", str(asked.limits.temporary), "--tmpfs", _TEMPORARY]
    for place in asked.devices:
        words += ["--dev-bind-try", str(place), str(place)]
    for place in (*_tools(), *(path.absolute() for path in asked.readable)):
        if not any(place.is_relative_to(folder) for folder in _SYSTEM):
            words += ["--ro-bind-try", str(place), str(place)]
    for place in (path.absolute() for path in asked.writable):
        words += ["--bind", str(place), str(place)]
    for outside, inside in asked.moved:
        words += ["--bind", str(outside.absolute()), str(inside.absolute())]
    words += [word for place in ("/proc", "/dev", "/") for word in ("--remount-ro", place)]
    words += ["--chdir", str(command.cwd.absolute()) if command.cwd else _TEMPORARY, "--"]
    return (*words, *_bounded(asked.limits), *command.argv)


def memory_of(limits: Limits) -> int:
    """The bytes of memory that all programs together may use."""
    return limits.memory or memory_available() * 3 // 4


def most_processes(limits: Limits) -> int:
    """What the kernel refuses to go over: somewhat more than what the watch ends a sandbox for."""
    return limits.processes * 5 // 4


def root_is_mounted() -> bool:
    """Whether / is a mount point, which it is not in a chroot to a plain folder. Source: proc(5)."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
        return any(line.split(" ")[4:5] == ["/"] for line in lines)
    return True


def _bounded(limits: Limits) -> tuple[str, ...]:
    """What the kernel itself bounds, a process at a time; it counts root's processes, but refuses none."""
    space = max(memory_of(limits), _LEAST_SPACE)
    bounds = (f"--as={space}", f"--fsize={limits.file}", "--core=0", f"--nproc={most_processes(limits)}")
    return ("prlimit", *bounds, "--")


def _system() -> list[str]:
    words = []
    for name in _SYSTEM:
        place = Path(name)
        if place.is_symlink():
            words += ["--symlink", str(place.readlink()), name]
        elif place.is_dir():
            words += ["--ro-bind", name, name]
    for name in _ETC:
        words += ["--ro-bind-try", name, name]
    return words


def _tools() -> tuple[Path, ...]:
    """What to show of the caller's PATH that is neither the system's nor of a home: /opt/cross/bin, its lib.

    A program needs the libraries beside it; but /opt/bin is shown alone, for its neighbours are no tools, and
    what else lies in /srv/project beside its bin may be anybody's.
    """
    left_out = (*_SYSTEM, *NO_TOOLS, Path.home())
    named = (Path(name) for name in os.environ.get("PATH", "").split(":") if name.startswith("/"))
    folders = [
        folder
        for folder in named
        if len(folder.parts) > 1
        # is_dir() raises for what lies below a folder that is closed.
        and os.access(folder, os.R_OK | os.X_OK)
        and folder.is_dir()
        and not any(one.is_relative_to(out) for one in (folder, folder.resolve()) for out in left_out)
    ]
    return tuple(dict.fromkeys(place for folder in folders for place in (folder, *_beside(folder))))


def _beside(folder: Path) -> Iterator[Path]:
    """What belongs to the programs of /opt/cross/bin: libraries, data, and a cross compiler's own folders."""
    if folder.name in {"bin", "sbin"} and len(folder.parts) > 3:
        # Who may run what is in it need not be allowed to list the folder above.
        with contextlib.suppress(OSError):
            for place in sorted(folder.parent.iterdir()):
                if place.name in _BESIDE or _MACHINE.match(place.name):
                    yield place
