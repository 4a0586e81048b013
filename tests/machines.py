# SPDX-License-Identifier: GPL-2.0-only
"""For tests with real machines: kernels to boot, and programs that misbehave in the guest."""

from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow.build import build_kernel
from kpatch_tools.flow.tree import find_tree
from kpatch_tools.model.event import silent
from kpatch_tools.model.run import Command
from kpatch_tools.tools import guest, probe, process
from kpatch_tools.tools.kernels import Kernel

HEAD = "#!/bin/sh\necho TAP version 13\necho 1..2\necho ok 1 first\n"
TAIL = "echo ok 2 second\n"
# What CONFIG_LKDTM offers; virtme-ng's guest has it mounted too.
PROVOKE = "/sys/kernel/debug/provoke-crash/DIRECT"


def require(*programs: str) -> None:
    """Skip the test when one of these programs is not installed."""
    missing = [name for name in (*programs, "setpriv", "busybox", probe.QEMU) if not probe.locate(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def built_kernel() -> Kernel:
    """kvet's own small kernel of Debian's 6.1 source, from the cache when it is there."""
    try:
        tree = find_tree("debian:6.1")
        kernel = build_kernel(tree.path, tree.commit, sink=silent).kernel
    except EnvironmentFault as error:
        pytest.skip(error.message)
    assert kernel, "the kernel does not build"
    return kernel


def shell(folder: Path, name: str, body: str, *, limit: int = 20) -> guest.Program:
    """A script that prints a good first result, does ``body``, and prints a good second one."""
    binary = folder / f"{name}.sh"
    binary.write_text(f"{HEAD}{body}\n{TAIL}")
    return guest.Program(name=name, binary=binary, limit=limit)


def compiled(folder: Path, name: str, body: str, *, limit: int = 20) -> guest.Program:
    """A static C program: the two results with ``body`` between them."""
    headers = ("stdio", "stdlib", "string", "unistd", "fcntl", "errno", "signal", "sys/mman", "sys/stat")
    includes = "".join(f"#include <{header}.h>\n" for header in headers)
    main = (
        "int main(void)\n{\n"
        '\tputs("TAP version 13\\n1..2\\nok 1 first");\n\tfflush(stdout);\n'
        f'{body}\n\tputs("ok 2 second");\n\treturn 0;\n}}\n'
    )
    binary = folder / name
    argv = ("gcc", "-static", "-O1", "-w", "-x", "c", "-o", str(binary), "-")
    command = Command(argv=argv, timeout=60, stdin=f"{includes}{main}".encode())
    process.run(command).ok_or_raise("gcc")
    return guest.Program(name=name, binary=binary, limit=limit)
