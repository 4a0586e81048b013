# SPDX-License-Identifier: GPL-2.0-only
"""For tests with real machines: kernels to boot, and programs that misbehave in the guest."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow.build import build_kernel
from kpatch_tools.flow.tree import FoundTree, find_tree
from kpatch_tools.model.event import silent
from kpatch_tools.model.run import Command
from kpatch_tools.tools import guest, kernels, probe, process
from kpatch_tools.tools.kernels import Kernel

T = TypeVar("T")
HEAD = "#!/bin/sh\necho TAP version 13\necho 1..2\necho ok 1 first\n"
TAIL = "echo ok 2 second\n"
# What CONFIG_LKDTM offers; virtme-ng's guest has it mounted too.
PROVOKE = "/sys/kernel/debug/provoke-crash/DIRECT"


def require(*programs: str) -> None:
    """Skip the test when one of these programs is not installed."""
    missing = [name for name in (*programs, "setpriv", "busybox", probe.QEMU) if not probe.locate(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def debian_tree(version: str) -> FoundTree:
    """Debian's kernel source of that version; skips the test where this machine's apt has none."""
    return _or_skip(lambda: find_tree(f"debian:{version}", silent))


def debian_kernel(version: str) -> Kernel:
    """Debian's kernel of that version; skips the test where this machine's apt has none."""
    return _or_skip(lambda: kernels.debian_kernel(version, sink=silent))


def _or_skip(get: Callable[[], T]) -> T:
    try:
        return get()
    except EnvironmentFault as error:
        pytest.skip(error.message)
    except UserError as error:
        # Bookworm's main archive alone has 6.1 and no 6.12.
        if "apt knows no" not in error.message:
            raise
        pytest.skip(error.message)


def built_kernel() -> Kernel:
    """kvet's own small kernel of Debian's 6.1 source, from the cache when it is there."""
    tree = debian_tree("6.1")
    kernel = _or_skip(lambda: build_kernel(tree.path, tree.commit, sink=silent).kernel)
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
