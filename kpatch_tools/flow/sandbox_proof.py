# SPDX-License-Identifier: GPL-2.0-only
"""Proves that the sandbox holds on this machine: each way out is tried from inside, as a stranger would."""

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.capability import Capability, State
from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.model.sandbox import Limits, Sandbox
from kpatch_tools.tools import process
from kpatch_tools.tools.files import cache_dir

PURPOSE = "run a stranger's code (build, tests, checkpatch.pl, conf.py) without harm"
_TIMEOUT_S = 60.0
_MOST = 48
_NAMESPACES = ("net", "pid", "ipc", "uts", "mnt")
# Each line that comes out names a way that led out. bash, for /dev/tcp; $1 outside, $2 port, $3 the word.
_TRIES = r"""
grep -qs "$3" "$1/secret" && echo secret
(exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null && echo network
for place in "$1" /usr /usr/bin /etc /dev / ; do (: >"$place/$3") 2>/dev/null && echo write; done
for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname; do
    (read -r old <"$file" && echo "$old" >"$file") 2>/dev/null && echo settings
done
env | grep -vqE '^(PATH|HOME|TMPDIR|LC_ALL|PWD|SHLVL|OLDPWD|_)=' && echo environment
grep -qsa "$3" /proc/[0-9]*/environ && echo environment
(unshare --user true) 2>/dev/null && echo namespace
for name in net pid ipc uts mnt; do echo "$name=$(readlink /proc/self/ns/$name)"; done
echo through
"""
_STAYS = '(trap "" HUP TERM; while :; do sleep 1; done) & exec sleep 0.1'
_FORKS = f"for n in $(seq {8 * _MOST}); do sleep 20 & done; wait"
# tail keeps what it may have to print, until its input ends.
_FILLS = "(head -c 256M /dev/zero; sleep 5) | tail -c 256M >/dev/null"
_WRITES = "dd if=/dev/zero of=large bs=64k count=64 2>&1"


@dataclass(frozen=True, slots=True)
class _Point:
    """One thing to prove: what is well, and what it is when it is not."""

    name: str
    holds: str
    fails: str


_POINTS = {
    "secret": _Point("sandbox files", "reads no file of yours", "a file outside was read"),
    "network": _Point("sandbox network", "reaches no listener of this machine", "127.0.0.1 was reached"),
    "write": _Point("sandbox writing", "writes in its own folders alone", "a file outside was written"),
    "settings": _Point("sandbox settings", "changes nothing below /proc/sys", "/proc/sys was written"),
    "environment": _Point("sandbox variables", "sees no variable of yours", "a variable came through"),
    "namespace": _Point("sandbox rights", "gets no new rights", "it made a user namespace of its own"),
    "apart": _Point("sandbox namespaces", "sees no process of yours", "it shares a namespace with you"),
    "left": _Point("sandbox end", "leaves no process behind", "a process outlived it"),
    "forks": _Point("sandbox processes", "is ended when it forks without end", "it forked without end"),
    "memory": _Point("sandbox memory", "is ended when it takes too much", "it took more memory than allowed"),
    "size": _Point("sandbox file size", "is bounded in what it writes", "a file grew over the limit"),
}


def prove() -> Iterator[Capability]:
    """One capability a point; a single one, with its cure, where no sandbox can be made at all.

    Takes about a second. What is planted is gone afterwards.
    """
    try:
        failed = set(_led_out())
    except EnvironmentFault as fault:
        yield Capability(
            name="sandbox", state=State.MISSING, detail=fault.message, purpose=PURPOSE, cure=fault.cure
        )
        return
    for key, point in _POINTS.items():
        bad = key in failed
        yield Capability(
            name=point.name,
            state=State.MISSING if bad else State.OK,
            detail=point.fails if bad else point.holds,
            purpose=PURPOSE,
            cure="report it as SECURITY.md says, and vet strangers' series in a machine of their own"
            if bad
            else "",
        )


def _led_out() -> Iterator[str]:
    word = secrets.token_hex(12)
    with (
        tempfile.TemporaryDirectory(prefix="proof-", dir=cache_dir()) as name,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        outside, inside = Path(name, "outside"), Path(name, "inside")
        outside.mkdir()
        inside.mkdir()
        (outside / "secret").write_text(word)
        yield from _tried(inside, outside, listener.getsockname()[1], word)
        yield from _used_up(inside, word)


def _tried(inside: Path, outside: Path, port: int, word: str) -> Iterator[str]:
    done = _run(inside, "bash", "-c", _TRIES, word, str(outside), str(port), word)
    lines = done.text.split()
    if "through" not in lines:
        raise EnvironmentFault(f"the proof did not run to its end: {done.tail[-200:]}", cure="kvet -v doctor")
    yield from (line for line in lines if line in _POINTS)
    if (outside / word).exists():
        yield "write"
    if any(f"{kind}={Path('/proc/self/ns', kind).readlink()}" in lines for kind in _NAMESPACES):
        yield "apart"


def _used_up(inside: Path, word: str) -> Iterator[str]:
    _run(inside, "sh", "-c", _STAYS, word)
    if _alive(word):
        yield "left"
    forked = _run(inside, "sh", "-c", _FORKS, word, limits=Limits(processes=_MOST))
    if not (forked.limit or "fork" in forked.error_text) or _alive(word):
        yield "forks"
    if "of memory" not in _run(inside, "sh", "-c", _FILLS, limits=Limits(memory=64 << 20)).limit:
        yield "memory"
    _run(inside, "sh", "-c", _WRITES, limits=Limits(file=1 << 20))
    if (inside / "large").stat().st_size > 1 << 20:
        yield "size"


def _run(folder: Path, *argv: str, limits: Limits | None = None) -> RunResult:
    sandbox = Sandbox(writable=(folder,), limits=limits or Limits())
    return process.run(Command(argv=argv, timeout=_TIMEOUT_S, cwd=folder, sandbox=sandbox))


def _alive(word: str) -> bool:
    """Whether a process runs that has the word on its command line."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in place.read_bytes() and place.parent.name != str(os.getpid()):
                return True
        except OSError:
            continue
    return False
