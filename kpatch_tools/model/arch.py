# SPDX-License-Identifier: GPL-2.0-only
"""The other architectures on which kvet can look: what their machine is, and what their kernel says."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

HOST_ARCH = "x86_64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arch:
    """One architecture of Debian, with a qemu that emulates its hypervisor mode.

    ``name`` is Debian's; ``package`` brings ``qemu``; ``flavour`` ends the name of the kernel's package;
    ``loader`` is the C library's (ld.so(8)). ``lacking`` are the releases of Debian without the architecture
    and ``release`` the first one with it. ``words`` is a regular expression for what the kernel's KVM prints
    when it has set up its second stage.
    """

    name: str
    qemu: str
    package: str
    machine: str
    cpu: str
    console: str
    flavour: str
    loader: str
    words: str
    release: str = ""
    lacking: frozenset[str] = frozenset()

    def debian(self, host: str) -> str:
        """The release of Debian to take packages from, on a host with that release."""
        return self.release if host in self.lacking else host


_ARM64 = Arch(
    name="arm64",
    qemu="qemu-system-aarch64",
    package="qemu-system-arm",
    # Without virtualization=on the guest starts in EL1 and has no /dev/kvm.
    machine="virt,virtualization=on,gic-version=3",
    cpu="max",
    console="ttyAMA0",
    flavour="cloud-arm64",
    loader="ld-linux-aarch64.so.1",
    # arch/arm64/kvm/arm.c, finalize_init_hyp_mode() and init_subsystems().
    words=r"kvm \[\d+\]: ((?:VHE|Hyp|hVHE|Protected|Hyp nVHE|Protected nVHE|Protected hVHE)"
    r" mode initialized successfully)",
)
_RISCV64 = Arch(
    name="riscv64",
    qemu="qemu-system-riscv64",
    package="qemu-system-misc",
    machine="virt",
    cpu="rv64,h=true",
    console="ttyS0",
    flavour="riscv64",
    loader="ld-linux-riscv64-lp64d.so.1",
    # arch/riscv/kvm/main.c, riscv_kvm_init().
    words=r"kvm \[\d+\]: (using Sv\d+x4 G-stage page table format)",
    release="trixie",
    lacking=frozenset({"bullseye", "bookworm"}),
)

ARCHES: Mapping[str, Arch] = MappingProxyType({arch.name: arch for arch in (_ARM64, _RISCV64)})
