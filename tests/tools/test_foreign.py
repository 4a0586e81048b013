# SPDX-License-Identifier: GPL-2.0-only
"""The machine of another architecture: what is brought and kept, its initramfs, and qemu's command line."""

import itertools
import os
import time
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.arch import ARCHES
from kpatch_tools.model.event import Event, silent
from kpatch_tools.tools import foreign, guest
from kpatch_tools.tools.machine import Machine, Order

ARM, RISCV = ARCHES["arm64"], ARCHES["riscv64"]
RELEASE = "6.12.9+deb12-cloud-arm64"

# Each script writes down what it was asked; "$0.dead" makes it fail.
SCRIPTS = {
    "apt-get": r"""
echo "$@" >> "$0.log"
test -e "$0.dead" && { echo 'E: no network' >&2; exit 100; }
case "$*" in
*indextargets*)
    printf 'Created-By: Packages\nTarget-Of: deb\nOrigin: Debian\nLabel: Debian\n'
    printf 'Codename: bookworm\nComponent: main\nRepo-URI: http://mirror.example/debian/\n' ;;
*--print-uris*) echo "'http://mirror.example/k.deb' k_1_arm64.deb 31457280 SHA256:0" ;;
*download*)
    for name; do
        case $name in linux-image-*|busybox-static|perl-base|libc*) : > "${name}_1%3a2_arm64.deb" ;; esac
    done ;;
esac""",
    "apt-cache": r"""
case "$*" in
*pkgnames*) printf '%s\n' linux-image-cloud-arm64 linux-image-6.12-cloud-arm64 linux-image-6.12-arm64 ;;
*linux-image-6.12-cloud-arm64) echo '  Depends: linux-image-6.12.9+deb12-cloud-arm64' ;;
*linux-image-cloud-arm64) echo '  Depends: linux-image-6.1.0-56-cloud-arm64' ;;
esac""",
    "dpkg": r"""
to=$3
put() { mkdir -p "${to}/${1%/*}"; echo "$1" > "$to/$1"; }
case "$2" in
*/linux-image-*)
    release=${2##*/linux-image-}; release=${release%%_*}
    put "boot/vmlinuz-$release"; put "boot/config-$release"
    for name in virtio_pci virtio_console kvm other; do put "usr/lib/modules/$release/$name.ko"; done ;;
*/busybox-static_*) put bin/busybox; put usr/share/doc/busybox/README ;;
*/perl-base_*)
    put usr/bin/perl
    for name in strict warnings constant warnings/register Socket; do
        put "usr/lib/aarch64-linux-gnu/perl-base/$name.pm"
    done ;;
*/libc6_*)
    for name in libc.so.6 libm.so.6 libutil.so.1; do put "lib/aarch64-linux-gnu/$name"; done
    put lib/aarch64-linux-gnu/ld-linux-aarch64.so.1
    ln -s aarch64-linux-gnu/ld-linux-aarch64.so.1 "$to/lib/" ;;
*/libcrypt1_*)
    put lib/aarch64-linux-gnu/libcrypt.so.1.1.0
    ln -s libcrypt.so.1.1.0 "$to/lib/aarch64-linux-gnu/libcrypt.so.1" ;;
esac""",
    "depmod": r"""
cd "$2/lib/modules/$3" && : > modules.builtin &&
printf '%s\n' 'virtio_pci.ko:' 'virtio_console.ko: virtio_pci.ko' 'kvm.ko:' 'other.ko:' > modules.dep""",
}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, body in SCRIPTS.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def asked(programs: Path, word: str) -> int:
    log = programs / "apt-get.log"
    return sum(word in line.split() for line in log.read_text().splitlines()) if log.exists() else 0


def test_only_what_the_guest_needs_is_kept(programs: Path) -> None:
    told: list[Event] = []

    found = foreign.bring(ARM, "", sink=told.append)

    folder = found.root.parent
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found.kernel.release == RELEASE
    assert found.kernel.origin == f"Debian's linux-image-{RELEASE}"
    assert found.packages[0] == f"linux-image-{RELEASE} 1:2"
    assert files == {
        "packages",
        f"boot/vmlinuz-{RELEASE}",
        *(f"lib/modules/{RELEASE}/{name}" for name in ("modules.dep", "modules.builtin")),
        *(f"lib/modules/{RELEASE}/{name}.ko" for name in ("virtio_pci", "virtio_console", "kvm")),
        "guest/bin/busybox",
        "guest/usr/bin/perl",
        *(f"guest/lib/{name}" for name in ("libc.so.6", "libm.so.6", "libcrypt.so.1")),
        "guest/lib/ld-linux-aarch64.so.1",
        *(
            f"guest/usr/lib/aarch64-linux-gnu/perl-base/{name}.pm"
            for name in ("strict", "warnings", "constant", "warnings/register")
        ),
    }
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert any("(30 MB)" in event.text for event in told)
    assert not list(folder.parent.glob(".fetch-*"))


def test_a_version_of_debians(programs: Path) -> None:
    assert foreign.bring(ARM, "6.1", sink=silent).kernel.release == "6.1.0-56-cloud-arm64"
    with pytest.raises(EnvironmentFault, match=r"no kernel 6\.6 for arm64 in Debian bookworm") as caught:
        foreign.bring(ARM, "6.6", sink=silent)
    assert "leave out --kernel" in caught.value.cure


def test_what_is_fresh_needs_no_network(programs: Path) -> None:
    first = foreign.bring(ARM, "", sink=silent)
    (programs / "apt-get.dead").touch()

    assert foreign.bring(ARM, "", sink=silent) == first
    assert asked(programs, "update") == 1


def test_what_is_old_is_asked_for_again_and_does_when_nobody_answers(programs: Path) -> None:
    first = foreign.bring(ARM, "", sink=silent)
    chosen = first.root.parents[1] / ".chosen-newest"
    long_ago = time.time() - foreign.FRESH_S - 1
    os.utime(chosen, (long_ago, long_ago))

    assert foreign.bring(ARM, "", sink=silent) == first
    assert (asked(programs, "update"), asked(programs, "--print-uris")) == (2, 1)

    os.utime(chosen, (long_ago, long_ago))
    (programs / "apt-get.dead").touch()
    again = foreign.bring(ARM, "", sink=silent)
    assert again.kernel == first.kernel
    assert again.note.startswith("an older one, apt knows no archive")


def test_what_a_killed_run_left_is_removed(programs: Path) -> None:
    place = foreign.bring(ARM, "", sink=silent).root.parents[1]
    (place / ".fetch-dead" / "whole").mkdir(parents=True)

    foreign.bring(ARM, "", sink=silent)

    assert not list(place.glob(".fetch-*"))


def test_no_network_and_nothing_kept(programs: Path) -> None:
    (programs / "apt-get.dead").touch()

    with pytest.raises(EnvironmentFault, match="no archive of Debian"):
        foreign.bring(ARM, "", sink=silent)


def test_another_release_where_debians_has_not_the_architecture(programs: Path) -> None:
    with pytest.raises(EnvironmentFault, match="no kernel for riscv64 in Debian trixie"):
        foreign.bring(RISCV, "", sink=silent)

    (sources,) = Path(os.environ["XDG_CACHE_HOME"]).rglob("kvet.sources")
    assert "URIs: http://mirror.example/debian/\nSuites: trixie\n" in sources.read_text()
    assert RISCV.debian("forky") == "forky"


def test_a_kernel_without_kvm(programs: Path) -> None:
    script = programs / "depmod"
    script.write_text(script.read_text().replace(" 'kvm.ko:'", ""))

    with pytest.raises(EnvironmentFault, match="this kernel has no kvm"):
        foreign.bring(ARM, "", sink=silent)


def test_a_link_out_of_the_packages(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the host")
    script = programs / "dpkg"
    script.write_text(script.read_text().replace("ln -s libcrypt.so.1.1.0", f"ln -s {tmp_path}/secret"))

    with pytest.raises(EnvironmentFault, match="a link in Debian's packages leads to"):
        foreign.bring(ARM, "", sink=silent)


def test_packages_that_changed(programs: Path) -> None:
    script = programs / "dpkg"
    script.write_text(script.read_text().replace("put usr/bin/perl\n", "\n"))

    with pytest.raises(EnvironmentFault, match="Debian's packages have no usr/bin/perl"):
        foreign.bring(ARM, "", sink=silent)


def test_qemu_that_is_not_there(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(programs))

    with pytest.raises(EnvironmentFault, match="qemu-system-riscv64 is not installed") as caught:
        foreign.require_qemu(RISCV)

    assert caught.value.cure.endswith(" qemu-system-misc")


def order(found: foreign.Guest, tmp_path: Path) -> Order:
    machine = Machine(kernel=found.kernel, acceleration=foreign.acceleration(found.arch), memory="768M")
    return Order(
        machine=machine,
        programs=(guest.Program(name="probe", binary=tmp_path / "probe.pl"),),
        folder=tmp_path,
        console=tmp_path / "a,b" / "console.log",
        nonce="feed",
        words={},
    )


def test_the_command_line(programs: Path, tmp_path: Path) -> None:
    found = foreign.bring(ARM, "", sink=silent)

    argv = foreign.argv(found, order(found, tmp_path), tmp_path / "initramfs", tmp_path / "record")

    pairs = dict(itertools.pairwise(argv))
    assert pairs["-machine"] == "virt,virtualization=on,gic-version=3"
    assert (pairs["-accel"], pairs["-cpu"], pairs["-m"]) == ("tcg", "max", "768M")
    assert pairs["-kernel"] == str(found.kernel.image.resolve())
    assert {"console=ttyAMA0", "earlycon", "panic=-1", "oops=panic"} <= set(pairs["-append"].split())
    assert any(word.startswith("file,id=console,path=") and "a,,b" in word for word in argv)
    assert f"file,id=kvet.record,path={tmp_path / 'record'}" in argv
    assert {"-nodefaults", "-no-user-config", "-no-reboot"} <= set(argv)


def test_the_initramfs_holds_two_archives(programs: Path, tmp_path: Path) -> None:
    found = foreign.bring(ARM, "", sink=silent)
    (tmp_path / "probe.pl").write_text("#!/usr/bin/perl\n")

    plan = foreign._plan(found, order(found, tmp_path))

    raw = (tmp_path / "initramfs").read_bytes()
    assert plan.record == tmp_path / "record"
    assert raw.count(b"TRAILER!!!") == 2
    assert len(raw) % 4 == 0
    assert raw.count(b"bin/busybox\0") == 1
    for name in (
        b"usr/bin/perl",
        b"lib/ld-linux-aarch64.so.1",
        b"kvet/bin/1/probe",
        b"modules/01-virtio_console",
    ):
        assert name in raw
