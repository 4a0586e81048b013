# SPDX-License-Identifier: GPL-2.0-only
"""What qemu gets and what it is held to; that it boots so is in tests/flow."""

from pathlib import Path

import pytest

from kpatch_tools.model.run import Command
from kpatch_tools.tools import confine, probe, process


def test_every_qemu_gets_no_network_and_a_filter(tmp_path: Path) -> None:
    qemu = tmp_path / "qemu"
    qemu.write_bytes(b"\x7fELF" + b"\0" * 100 + b"libseccomp.so.2\0")
    words = confine.options(qemu)
    assert words[words.index("-nic") + 1] == "none"
    assert "-nodefaults" in words
    filtered = words[words.index("-sandbox") + 1].split(",")
    assert filtered[0] == "on"
    assert {"elevateprivileges=deny", "spawn=deny", "resourcecontrol=deny"} <= set(filtered)


def test_a_qemu_that_cannot_filter_is_not_asked_to(tmp_path: Path) -> None:
    qemu = tmp_path / "qemu"
    for body in (b"\x7fELF and nothing", b""):
        qemu.write_bytes(body)
        assert "-sandbox" not in confine.options(qemu)
    assert "-sandbox" not in confine.options(tmp_path / "none")


@pytest.mark.parametrize(
    ("memory", "gibibytes"), [("1G", 1), ("512M", 0.5), ("2048", 2), ("5G", 5), ("much", 0)]
)
def test_memory_is_bounded_whatever_the_size_looks_like(memory: str, gibibytes: float) -> None:
    (bound,) = [word for word in confine.limits(memory, 4096) if word.startswith("--as=")]
    assert int(bound.removeprefix("--as=")) == int(gibibytes * (1 << 30)) + confine.OVERHEAD_BYTES


def test_the_limits_hold(tmp_path: Path) -> None:
    out = tmp_path / "out"
    argv = (*confine.limits("1M", 4096), "dd", "if=/dev/zero", f"of={out}", "bs=1024", "count=100")
    assert not process.run(Command(argv=argv, timeout=20)).ok
    assert out.stat().st_size <= 4096
    asks = "import mmap; mmap.mmap(-1, 6 << 30)"
    assert not process.run(Command(argv=(*confine.limits("1M", 4096), "python3", "-c", asks), timeout=20)).ok


def test_the_sandbox_of_qemu_has_its_files_alone(tmp_path: Path) -> None:
    image, record, secret = tmp_path / "bzImage", tmp_path / "record", tmp_path / "secret"
    image.write_text("a kernel")
    secret.write_text("a secret")
    record.symlink_to(secret)
    box = confine.box(Path("/usr/bin/qemu"), "1G", readable=(image,), written=(record,), hardware=False)
    assert not record.is_symlink(), "what stood there is not written through"
    script = f"cat {image}; echo mine > {record}; cat {secret}; echo x > {tmp_path}/other; ls {tmp_path}"
    result = process.run(Command(argv=("sh", "-c", script), timeout=20, sandbox=box))
    assert result.text.startswith("a kernel")
    assert record.read_text() == "mine\n"
    assert "a secret" not in result.text
    assert "secret" not in result.text.split()
    assert not (tmp_path / "other").exists()
    assert box.devices == ()


def test_only_a_machine_on_hardware_gets_its_device(tmp_path: Path) -> None:
    box = confine.box(Path("/usr/bin/qemu"), "1G", readable=(), written=(), hardware=True)
    assert box.devices == (Path("/dev/kvm"),)


@pytest.mark.skipif(not probe.locate(probe.QEMU), reason="qemu is not installed")
def test_debians_qemu_filters() -> None:
    assert confine.filters_calls(Path(probe.locate(probe.QEMU)))
