# SPDX-License-Identifier: GPL-2.0-only
import lzma
import shutil
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command
from kpatch_tools.tools import initramfs, process


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "lib" / "modules" / "6.1.0-test"
    for name in (
        "kvm/kvm.ko.xz",
        "kvm/kvm-amd.ko.xz",
        "lib/irqbypass.ko",
        "crypto/ccp.ko.xz",
        "net/9pnet.ko",
    ):
        path = folder / "kernel" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = f"module {name}".encode()
        path.write_bytes(lzma.compress(body) if path.suffix == ".xz" else body)
    (folder / "modules.dep").write_text(
        "kernel/lib/irqbypass.ko:\n"
        "kernel/kvm/kvm.ko.xz: kernel/lib/irqbypass.ko\n"
        "kernel/kvm/kvm-amd.ko.xz: kernel/crypto/ccp.ko.xz kernel/kvm/kvm.ko.xz kernel/lib/irqbypass.ko\n"
        "kernel/crypto/ccp.ko.xz:\nkernel/net/9pnet.ko:\n"
    )
    (folder / "modules.builtin").write_text("kernel/drivers/virtio/virtio_pci.ko\n")
    return folder


def test_dependencies_come_first_and_once(tree: Path) -> None:
    modules = initramfs.read_modules(tree)
    assert initramfs.load_order(modules, ["kvm_amd", "kvm", "virtio_pci", "nonsense"]) == (
        "kernel/lib/irqbypass.ko",
        "kernel/kvm/kvm.ko.xz",
        "kernel/crypto/ccp.ko.xz",
        "kernel/kvm/kvm-amd.ko.xz",
    )


def test_what_a_kernel_has(tree: Path) -> None:
    modules = initramfs.read_modules(tree)
    assert modules.has("kvm_amd")
    assert modules.has("virtio_pci")
    assert not modules.has("9p")


def test_a_folder_without_a_list_names_the_cure(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "modules" / "6.1.0"
    with pytest.raises(EnvironmentFault) as caught:
        initramfs.read_modules(folder)
    assert caught.value.cure == f"depmod -b {tmp_path} 6.1.0"


@pytest.mark.skipif(not shutil.which("cpio"), reason="cpio is not installed")
def test_the_archive_is_what_cpio_reads(tree: Path, tmp_path: Path) -> None:
    busybox = tmp_path / "busybox"
    busybox.write_bytes(b"not really busybox")
    archive = initramfs.build(
        initramfs.read_modules(tree), ["kvm_amd"], {"kvm_amd": ("npt=0",)}, busybox=busybox
    )
    out = tmp_path / "out"
    out.mkdir()
    unpack = Command(
        argv=("cpio", "-idm", "--quiet", "init", "bin/*", "modules/*", "proc"),
        timeout=20,
        cwd=out,
        stdin=archive,
    )
    process.run(unpack).ok_or_raise("cpio")
    assert (out / "bin/busybox").read_bytes() == b"not really busybox"
    assert (out / "modules/03-kvm_amd.ko").read_bytes() == b"module kvm/kvm-amd.ko.xz"
    init = (out / "init").read_text()
    assert (
        init.index("irqbypass")
        < init.index("/modules/01-kvm.ko")
        < init.index("/modules/03-kvm_amd.ko npt=0")
    )
    assert (out / "init").stat().st_mode & 0o111


def test_a_module_that_is_gone(tree: Path, tmp_path: Path) -> None:
    (tree / "kernel/kvm/kvm.ko.xz").unlink()
    with pytest.raises(EnvironmentFault):
        initramfs.build(initramfs.read_modules(tree), ["kvm"], {}, busybox=tree / "modules.dep")


@pytest.mark.parametrize(
    "named",
    ["../../secret.ko", "{secret}", "kernel/../../../secret.ko", "kernel/x';reboot;'.ko", "kernel/link.ko"],
)
def test_no_file_of_the_host_is_put_in_as_a_module(tree: Path, tmp_path: Path, named: str) -> None:
    """Whoever built the kernel wrote modules.dep, and what lies beside it."""
    secret = tmp_path / "id_ed25519"
    secret.write_text("a key of the user's")
    (tmp_path / "secret.ko").write_text("a key of the user's")
    (tree / "kernel/link.ko").symlink_to(secret)
    name = named.format(secret=secret)
    (tree / "modules.dep").write_text(f"kernel/kvm/kvm.ko.xz: {name}\n")
    with pytest.raises(EnvironmentFault, match=r"which is no module|cannot be read"):
        initramfs.build(initramfs.read_modules(tree), ["kvm"], {}, busybox=secret)


def test_a_module_that_is_damaged_is_named(tree: Path, tmp_path: Path) -> None:
    (tree / "kernel/kvm/kvm.ko.xz").write_bytes(b"no xz")
    busybox = tmp_path / "busybox"
    busybox.write_bytes(b"not really busybox")
    with pytest.raises(EnvironmentFault, match="cannot be read"):
        initramfs.build(initramfs.read_modules(tree), ["kvm"], {}, busybox=busybox)
