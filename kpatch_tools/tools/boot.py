# SPDX-License-Identifier: GPL-2.0-only
"""The one way to boot a machine, whichever back end makes it."""

from collections.abc import Sequence
from pathlib import Path

from kpatch_tools.model.event import Sink
from kpatch_tools.model.vm import Backend
from kpatch_tools.tools import direct, guest, vng
from kpatch_tools.tools.machine import Boot, Machine


def boot(
    machine: Machine,
    programs: Sequence[guest.Program],
    *,
    logs: Path,
    sink: Sink,
    backend: Backend = Backend.VNG,
) -> Boot:
    """Boot once, run the programs in the guest, and return what it left; judges nothing.

    ``logs`` receives console.log, output.log and record.txt. Safe to call from several threads, each with a
    log folder of its own. Raises EnvironmentFault or UserError for what is missing before the start; a guest
    that fails in any way is evidence, not an exception.
    """
    if backend is Backend.DIRECT:
        return direct.boot(machine, programs, logs=logs, sink=sink)
    host_root = backend is Backend.HOST_ROOT
    return vng.boot(machine, programs, logs=logs, sink=sink, host_root=host_root)
