# SPDX-License-Identifier: GPL-2.0-only
"""Whether a contract says of each architecture one thing: that it has the ioctl, or that it has not."""

from kpatch_tools.model.contract import Contract
from kpatch_tools.parse.toml import Faults


def check_architectures(contract: Contract, faults: Faults) -> None:
    """Add every fault of ``architectures`` and ``[[absent]]`` to ``faults``."""
    if not contract.architectures:
        faults.add(("architectures",), "architectures: it names none")
    first = dict[str, tuple[str | int, ...]]()
    for index, entry in enumerate(contract.absent):
        where = ("absent", index)
        if entry.arch in contract.architectures:
            text = f'absent: the contract\'s architectures name "{entry.arch}" as one that has the ioctl'
            faults.add((*where, "arch"), text)
        if entry.arch in first:
            line = faults.line(first[entry.arch])
            faults.add(where, f'absent: "{entry.arch}" is there twice, first in line {line}')
        first.setdefault(entry.arch, where)
