# SPDX-License-Identifier: GPL-2.0-only
"""The script that runs inside the guest: runs the programs and writes down what can be trusted later.

Its record goes line by line to a virtio port, so it survives a panic. The kernel lets one process at a time
open a port, and the script holds this one from before the first program to the end; a program has neither its
descriptor nor the right to reach into another process (tools/launcher.py). Every line begins with a word made
for this boot, which stands in no file by then: nothing that a program prints or writes can pass for it.

The programs are root in the guest otherwise, as the kernel's own tests have to be. One that first breaks its
kernel can write what it likes; so can a kernel that was made for it.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from kpatch_tools.parse.guestrecord import PARAMETERS

KILL_AFTER_S = 5
DUMP_BEFORE_S = 2
# Where virtme-ng's guest has a file system in memory, and nobody else.
LOCAL = PurePath("/tmp/kvet")  # noqa: S108 - of a guest that starts with an empty one
# Lies beside the programs, and starts them.
LAUNCHER = "launch"
# What tools/machine.py calls its three ports.
RECORD_PORT, STDOUT_PORT, STDERR_PORT = "kvet.record", "kvet.stdout", "kvet.stderr"

_SCRIPT = r"""#!/bin/sh
nonce={nonce}

note() {{ echo "$nonce $*" >&9; }}
uptime() {{ read -r now rest < /proc/uptime; }}

port() {{
    for place in /sys/class/virtio-ports/*; do
        read -r name < "$place/name" && [ "$name" = "$1" ] && found=/dev/${{place##*/}} && return
    done
    return 1
}}

run() {{
    index=$1 limit=$2
    shift 2
    echo "kvet-$nonce begin $index"
    echo "kvet-$nonce begin $index" >&2
    echo "kvet: begin $index" > /dev/kmsg
    uptime
    note "begin $index $limit $now"
    (
        sleep "$limit"
        echo "kvet: $index is over its limit of $limit s, what the CPUs and the blocked tasks do:" > /dev/kmsg
        echo l > /proc/sysrq-trigger
        echo w > /proc/sysrq-trigger
    ) > /dev/null 2>&1 < /dev/null 9>&- &
    watch=$!
    (
        # The script must live to tell of a program that takes all memory.
        echo 0 > /proc/self/oom_score_adj
        exec timeout -k {kill_after} "$((limit + {dump_before}))" {launcher} "$@"
    ) < /dev/null 9>&-
    code=$?
    kill "$watch" 2> /dev/null
    uptime
    note "end $index $code $now"
    echo "kvet: end $index" > /dev/kmsg
    {after}
}}

# Builtins where they do: every program that is started comes through an emulated CPU.
{channels}
# A test that pauses the kernel at a page needs this once it may not reach into other processes.
[ -e {userfaultfd} ] && echo 1 > {userfaultfd}
# What the kernel starts by itself (core_pattern, modprobe) would have rights that a test has not.
[ -e {helpers} ] && echo 0 0 > {helpers}
echo -1000 > /proc/self/oom_score_adj
uptime
note "start $now"
read -r release < /proc/sys/kernel/osrelease
note "release $release"
for name in {parameters}; do
    for file in /sys/module/kvm*/parameters/"$name"; do
        [ -r "$file" ] && read -r value < "$file" || continue
        module=${{file#/sys/module/}}
        note "param ${{module%%/*}}.$name $value"
    done
done
flags=
while read -r key colon line; do
    [ "$key" = flags ] || continue
    for flag in svm npt vmx ept; do
        case " $line " in *" $flag "*) flags="$flags $flag" ;; esac
    done
    break
done < /proc/cpuinfo
note "cpu$flags"
[ -c /dev/kvm ] && note "kvm yes" || note "kvm no"
# Not by read: it asks for one byte at a time, and a number in /proc/sys then ends after its first digit.
note "taint-before $(cat /proc/sys/kernel/tainted)"
ulimit -c 0
cd /tmp || cd /
{runs}
note "taint-after $(cat /proc/sys/kernel/tainted)"
note "done"
{end}
"""

# Of a guest with the host's programs, where a file system in memory has to be made.
_SHARED = """
# A selftest reads its own program for every VM it makes: through 9p that is most of its time.
cp -r {share} {local}"""
# The word of this boot stands there; the shell has read it by now.
_ALONE = """
rm -f {folder}/run.sh"""

_PORTS = rf"""channel() {{{{
    port "$1" && return
    echo "<3>kvet: initramfs: cannot find the port $1: is virtio_console in this kernel?" > /dev/kmsg
    {{end}}
    exit 1
}}}}
channel {STDOUT_PORT}
exec > $found
channel {STDERR_PORT}
exec 2> $found
channel {RECORD_PORT}
exec 9> $found"""

# Nobody else runs in that guest: whatever a program left behind, a fork bomb too, ends with it.
_ALL_OTHERS = "kill -KILL -1"
# Not as a child: after a program that took everything there may be no room for one.
_OFF = "exec reboot -f"
_HELPERS = "/proc/sys/kernel/usermodehelper/bset"
_USERFAULTFD = "/proc/sys/vm/unprivileged_userfaultfd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program for the guest: the host's file, its arguments, and its own deadline in seconds."""

    name: str
    binary: Path
    arguments: tuple[str, ...] = ()
    limit: int = 60


def inside(folder: PurePath, index: int, program: Program) -> PurePath:
    """Where program number ``index`` lies in that folder of the guest."""
    name = Path(program.name).name
    return folder / "bin" / str(index) / (name if name not in {"", ".."} else "program")


def shared_script(
    share: Path, programs: Sequence[Program], nonce: str, *, parameters: tuple[str, ...] = PARAMETERS
) -> str:
    """The script for a guest with the host's programs; ``share`` has one name in both, and is read-only.

    The programs are run from a copy in the guest's own memory. ``parameters`` are the KVM module parameters
    whose values the record must hold.
    """
    copied = _SHARED.format(share=shlex.quote(str(share)), local=shlex.quote(str(LOCAL)))
    channels = _PORTS.format(end="") + copied
    return _script(LOCAL, programs, nonce, parameters, channels, alone=False, confined=True)


def alone_script(
    folder: PurePath,
    programs: Sequence[Program],
    nonce: str,
    *,
    parameters: tuple[str, ...] = PARAMETERS,
    confined: bool = True,
) -> str:
    """The script for a guest that holds nothing but it (as run.sh in ``folder``), the programs and busybox.

    Programs that are not ``confined`` keep all of root's rights: for those that come from us alone.
    """
    gone = _ALONE.format(folder=shlex.quote(str(folder)))
    channels = _PORTS.format(end=_OFF) + gone
    return _script(folder, programs, nonce, parameters, channels, alone=True, confined=confined)


def _script(  # noqa: PLR0913 - the parts of a script
    folder: PurePath,
    programs: Sequence[Program],
    nonce: str,
    parameters: tuple[str, ...],
    channels: str,
    *,
    alone: bool,
    confined: bool,
) -> str:
    runs = (
        shlex.join(
            ("run", str(index), str(program.limit), str(inside(folder, index, program)), *program.arguments)
        )
        for index, program in enumerate(programs, 1)
    )
    return _SCRIPT.format(
        nonce=shlex.quote(nonce),
        kill_after=KILL_AFTER_S,
        dump_before=DUMP_BEFORE_S,
        parameters=shlex.join(dict.fromkeys(name.rpartition(".")[2] for name in parameters)),
        channels=channels,
        userfaultfd=_USERFAULTFD,
        helpers=_HELPERS,
        launcher=shlex.quote(str(folder / LAUNCHER)) if confined else "",
        after=_ALL_OTHERS if alone else ":",
        end=_OFF if alone else "",
        runs="\n".join(runs),
    )
