# SPDX-License-Identifier: GPL-2.0-only
"""The program that starts a test in the guest as root without the rights to reach into others.

busybox has no tool that takes a capability from the bounding set, so this is a few lines of C, compiled once.
Who lacks CAP_SYS_PTRACE may neither read nor trace a process that has it (ptrace(2), ptrace access mode
checking), nor take its descriptors (pidfd_getfd(2)); the others would be ways around through the kernel. A
mount namespace of its own keeps what it mounts, over /proc say, away from the script that judges it.
"""

import hashlib
from pathlib import Path

from kpatch_tools.model.run import Command
from kpatch_tools.tools import process
from kpatch_tools.tools.files import cache_dir, locked, write_atomic

# uapi/linux/capability.h. What tests do need stays: CAP_SYS_ADMIN, CAP_IPC_LOCK, CAP_SYS_NICE, ...
_TAKEN = {"SYS_MODULE": 16, "SYS_RAWIO": 17, "SYS_PTRACE": 19, "SYS_BOOT": 22, "PERFMON": 38, "BPF": 39}
_SOURCE = f"""
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{{
    static const int taken[] = {{ {", ".join(str(number) for number in _TAKEN.values())} }};

    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {{
        perror("mount namespace");
        return 126;
    }}
    for (unsigned int i = 0; i < sizeof(taken) / sizeof(*taken); i++) {{
        /* EINVAL: a kernel that does not know this one yet. */
        if (prctl(PR_CAPBSET_DROP, taken[i], 0, 0, 0) && errno != EINVAL) {{
            perror("prctl");
            return 126;
        }}
    }}
    /* Nothing of what the script or the init holds open is the test's. */
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    if (argc > 1)
        execv(argv[1], argv + 1);
    int code = argc > 1 && errno == ENOENT ? 127 : 126;
    perror(argc > 1 ? argv[1] : "no program");
    return code;
}}
"""
_FLAGS = ("-static", "-Os", "-s", "-Wall", "-x", "c")


def launcher() -> Path:
    """The program, from the cache or compiled now; ToolFailed with the cure when there is no compiler."""
    name = hashlib.sha256("\0".join((_SOURCE, *_FLAGS)).encode()).hexdigest()[:24]
    folder = cache_dir("guest")
    place = folder / f"launch-{name}"
    if place.is_file():
        return place
    with locked(folder / ".lock"):
        made = folder / f".launch-{name}"
        argv = ("gcc", *_FLAGS, "-o", str(made), "-")
        compiled = process.run(Command(argv=argv, timeout=60, stdin=_SOURCE.encode()))
        compiled.ok_or_raise("the guest's launcher does not compile", cure="apt-get install -y gcc libc6-dev")
        write_atomic(place, made.read_bytes(), 0o755)
        made.unlink()
    return place
