# SPDX-License-Identifier: GPL-2.0-only
"""The script that runs inside the guest: runs the programs and writes down what can be trusted later.

Its record goes line by line through a channel that the programs do not have (a file of the shared folder, or
a virtio port), so it survives a panic, and every line begins with a word made for this boot: nothing that a
program prints can pass for it. The programs' own output goes to virtio ports; where the guest has no udev to
name them, the script finds them by what sysfs says.
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
# What tools/direct.py calls its three ports.
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
        exec timeout -k {kill_after} "$((limit + {dump_before}))" "$@"
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
"""

_SHARED = r"""exec 9>> {record}
if [ ! -e /dev/virtio-ports/virtme.stdout ]; then
    port virtme.stdout && out=$found
    port virtme.stderr && err=$found
    [ -n "$out" ] && [ -n "$err" ] && exec > "$out" 2> "$err"
fi
# A selftest reads its own program for every VM it makes: through 9p that is most of its time.
cp -r {share} {local}"""

_PORTS = rf"""channel() {{
    port "$1" && return
    echo "<3>kvet: initramfs: cannot find the port $1: is virtio_console in this kernel?" > /dev/kmsg
    exit 1
}}
channel {STDOUT_PORT}
exec > $found
channel {STDERR_PORT}
exec 2> $found
channel {RECORD_PORT}
exec 9> $found"""

# Nobody else runs in that guest: whatever a program left behind, a fork bomb too, ends with it.
_ALONE = "kill -KILL -1"


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
    """The script for ``programs`` (numbered from 1) in a folder that host and guest see under one name.

    They are run from a copy in the guest's own memory. ``parameters`` are the KVM module parameters whose
    values the record must hold; it goes to ``share``/record.
    """
    channels = _SHARED.format(
        record=shlex.quote(str(share / "record")),
        share=shlex.quote(str(share)),
        local=shlex.quote(str(LOCAL)),
    )
    return _script(LOCAL, programs, nonce, parameters, channels, after=":")


def alone_script(
    folder: PurePath,
    programs: Sequence[Program],
    nonce: str,
    *,
    parameters: tuple[str, ...] = PARAMETERS,
) -> str:
    """The script for a guest that holds nothing but it and busybox, with the three virtio ports."""
    return _script(folder, programs, nonce, parameters, _PORTS, after=_ALONE)


def _script(  # noqa: PLR0913 - the parts of a script
    folder: PurePath,
    programs: Sequence[Program],
    nonce: str,
    parameters: tuple[str, ...],
    channels: str,
    *,
    after: str,
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
        after=after,
        runs="\n".join(runs),
    )
