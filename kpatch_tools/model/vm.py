# SPDX-License-Identifier: GPL-2.0-only
"""What one boot of a virtual machine left behind, before anybody judges it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kpatch_tools.model.run import Ended


class Backend(StrEnum):
    """How a machine is made: as virtme-ng makes it, with its init, or our own with the least that boots.

    HOST_ROOT is virtme-ng's with the whole file system of the host in it, read-only.
    """

    VNG = "vng"
    DIRECT = "direct"
    HOST_ROOT = "vng --host-root"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestTest:
    """One program that the guest ran: exit code (None: it never ended), and seconds of guest uptime.

    ``limit`` is the deadline in seconds that the guest itself held for it.
    """

    index: int
    code: int | None = None
    began: float = 0.0
    ended: float = 0.0
    limit: float = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds between the two marks, 0 while one is missing."""
        return max(0.0, self.ended - self.began) if self.code is not None else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestRecord:
    """What the guest's script wrote down, line by line, in a channel of its own to the host.

    ``parameters`` are the KVM module parameters as the running kernel shows them ("kvm_amd.npt": "Y"),
    ``cpu`` the flags among svm, npt, vmx, ept that /proc/cpuinfo has, ``taint_*`` /proc/sys/kernel/tainted,
    None where the line is missing. ``done`` is the end mark: without it nothing is proven. ``faults`` are
    what cannot stand in a record that the script alone wrote, such as two lines that end the same program.
    """

    started: bool = False
    done: bool = False
    release: str = ""
    kvm: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    cpu: frozenset[str] = frozenset()
    taint_before: int | None = None
    taint_after: int | None = None
    tests: tuple[GuestTest, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def nested_paging(self) -> bool:
        """The kernel under test really uses two-dimensional paging: parameter on and CPU flag there."""
        amd = self.parameters.get("kvm_amd.npt") in {"Y", "1"} and {"svm", "npt"} <= self.cpu
        intel = self.parameters.get("kvm_intel.ept") in {"Y", "1"} and {"vmx", "ept"} <= self.cpu
        return amd or intel


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutput:
    """A program's own streams, kept apart from the kernel's console."""

    __test__ = False

    name: str
    stdout: str = ""
    stderr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that a boot left: how qemu ended, the console, the guest's record, the programs' output.

    ``mode`` is what was asked for ("npt": "0"); ``timeout`` and ``elapsed`` are seconds of wall clock;
    ``machine_error`` is what qemu itself printed. ``arch`` is "" on the host's own architecture; on another
    one ``second_stage`` says what proved two-dimensional paging, "" when nothing did. ``faults`` are what is
    wrong with the files themselves: a link where the record should be, marks in the output that nobody set.
    """

    ended: Ended
    returncode: int
    elapsed: float
    timeout: float
    console: str
    record: GuestRecord
    outputs: tuple[TestOutput, ...]
    mode: Mapping[str, str] = field(default_factory=dict)
    machine_error: str = ""
    arch: str = ""
    second_stage: str = ""
    faults: tuple[str, ...] = ()
