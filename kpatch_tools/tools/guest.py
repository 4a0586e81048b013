# SPDX-License-Identifier: GPL-2.0-only
"""The script that runs inside the guest: runs the programs and writes down what can be trusted later.

Its record goes line by line through the shared folder, so it survives a panic and needs no serial port.
The programs' own output goes to the virtio ports that virtme-ng offers; where the guest has no udev to
name them, the script finds them by what sysfs says.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.parse.guestrecord import PARAMETERS

KILL_AFTER_S = 5
DUMP_BEFORE_S = 2

_SCRIPT = r"""#!/bin/sh
share={share}
nonce={nonce}

note() {{ echo "$*" >> "$share/record"; }}
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
    ) > /dev/null 2>&1 < /dev/null &
    watch=$!
    timeout -k {kill_after} "$((limit + {dump_before}))" "$@" < /dev/null
    code=$?
    kill "$watch" 2> /dev/null
    uptime
    note "end $index $code $now"
    echo "kvet: end $index" > /dev/kmsg
}}

# Builtins where they do: every program that is started comes through 9p and an emulated CPU.
uptime
note "start $now"
read -r release < /proc/sys/kernel/osrelease
note "release $release"
if [ ! -e /dev/virtio-ports/virtme.stdout ]; then
    port virtme.stdout && out=$found
    port virtme.stderr && err=$found
    [ -n "$out" ] && [ -n "$err" ] && exec > "$out" 2> "$err"
fi
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program for the guest: the host's file, its arguments, and its own deadline in seconds."""

    name: str
    binary: Path
    arguments: tuple[str, ...] = ()
    limit: int = 60


def inside(share: Path, index: int, program: Program) -> Path:
    """Where program number ``index`` lies in the shared folder, seen alike by host and guest."""
    name = Path(program.name).name
    return share / "bin" / str(index) / (name if name not in {"", ".."} else "program")


def script(
    share: Path, programs: Sequence[Program], nonce: str, *, parameters: tuple[str, ...] = PARAMETERS
) -> str:
    """The script for ``programs`` (numbered from 1), which lie where ``inside`` says.

    ``parameters`` are the KVM module parameters whose values the record must hold.
    """
    runs = (
        shlex.join(
            ("run", str(index), str(program.limit), str(inside(share, index, program)), *program.arguments)
        )
        for index, program in enumerate(programs, 1)
    )
    return _SCRIPT.format(
        share=shlex.quote(str(share)),
        nonce=shlex.quote(nonce),
        kill_after=KILL_AFTER_S,
        dump_before=DUMP_BEFORE_S,
        parameters=shlex.join(dict.fromkeys(name.rpartition(".")[2] for name in parameters)),
        runs="\n".join(runs),
    )
