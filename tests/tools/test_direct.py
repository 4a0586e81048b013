# SPDX-License-Identifier: GPL-2.0-only
"""The command line and the guest of the direct back end; real machines are in tests/flow."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import silent
from kpatch_tools.model.run import Command
from kpatch_tools.model.vm import Backend
from kpatch_tools.tools import alone, boot, direct, guest, initramfs, probe, process
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Machine, Order, module_words

TCG = probe.Acceleration(engine=probe.Engine.TCG, vendor="amd")
HARDWARE = probe.Acceleration(engine=probe.Engine.KVM, vendor="intel")


@pytest.fixture
def order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel_image: Callable[..., Path]
) -> Callable[..., Order]:
    busybox = tmp_path / "busybox"
    busybox.write_bytes(b"a busybox")
    monkeypatch.setattr(alone, "locate", lambda name: str(busybox))
    monkeypatch.setattr(direct, "locate", lambda name: f"/bin/{name}")
    monkeypatch.setattr(alone, "is_static", lambda path: True)
    monkeypatch.setattr(direct, "launcher", lambda: busybox)
    script = tmp_path / "test"
    script.write_text("#!/bin/sh\n")

    def make(**changes: object) -> Order:
        kernel = Kernel(image=kernel_image(tmp_path / "boot" / "vmlinuz"), release="6.1.0-test")
        machine = Machine(kernel=kernel, acceleration=TCG)
        machine = replace(machine, **changes)
        folder = tmp_path / "private"
        folder.mkdir(exist_ok=True)
        return Order(
            machine=machine,
            programs=(guest.Program(name="it's", binary=script, arguments=("a b",), limit=7),),
            folder=folder,
            console=tmp_path / "a, b" / "console.log",
            nonce="00ff",
            words=module_words(machine.mode, machine.acceleration.vendor),
        )

    return make


def value(argv: tuple[str, ...], option: str) -> str:
    return argv[argv.index(option) + 1]


def test_the_machine_under_tcg(order: Callable[..., Order], tmp_path: Path) -> None:
    argv = direct._plan(order(mode={"npt": "0"}, append=("extra=1",), memory="768M")).argv
    assert {"-nodefaults", "-no-user-config", "-no-reboot"} <= set(argv)
    assert (value(argv, "-accel"), value(argv, "-cpu"), value(argv, "-m")) == ("tcg", "max", "768M")
    words = value(argv, "-append").split()
    assert {"console=ttyS0", "panic=-1", "oops=panic", "kvm_amd.npt=0", "extra=1"} <= set(words)
    assert f"file,id=console,path={tmp_path}/a,, b/console.log" in argv
    assert not any(word.startswith(("virtio-net", "-net", "user,")) for word in argv)
    ports = [word for word in argv if word.startswith("virtserialport")]
    assert [port.rpartition("name=")[2] for port in ports] == ["kvet.stdout", "kvet.stderr", "kvet.record"]


def test_processors_take_turns_under_tcg(order: Callable[..., Order]) -> None:
    """Code that one of them patches is not safe from the others in qemu."""
    assert value(direct._plan(order(cpus=2)).argv, "-accel") == "tcg,thread=single"
    assert value(direct._plan(order(cpus=2, acceleration=HARDWARE)).argv, "-accel") == "kvm"


def test_hardware_is_used_when_there(order: Callable[..., Order]) -> None:
    argv = direct._plan(order(acceleration=HARDWARE)).argv
    assert (value(argv, "-accel"), value(argv, "-cpu")) == ("kvm", "host")


def test_acpi_stays_on(order: Callable[..., Order]) -> None:
    """Without it a busy host makes the kernel give up on its clock, and a second processor is not found."""
    for cpus in (1, 2):
        argv = direct._plan(order(cpus=cpus)).argv
        assert (value(argv, "-machine"), value(argv, "-smp")) == ("pc", str(cpus))
        assert "acpi=off" not in value(argv, "-append").split()


def test_the_guest_holds_script_and_programs(order: Callable[..., Order], tmp_path: Path) -> None:
    plan = direct._plan(order(mode={"kvm.eager_page_split": "N"}))
    archive = Path(value(plan.argv, "-initrd")).read_bytes()
    out = tmp_path / "out"
    out.mkdir()
    unpack = Command(
        argv=("cpio", "-idm", "--quiet", "init", "kvet/*", "bin/*", "etc/*"),
        timeout=20,
        cwd=out,
        stdin=archive,
    )
    if not process.run(Command(argv=("cpio", "--version"), timeout=10)).ok:
        pytest.skip("cpio is not installed")
    process.run(unpack).ok_or_raise("cpio")
    assert (out / "kvet/bin/1/it's").read_text() == "#!/bin/sh\n"
    assert (out / "kvet/bin/1/it's").stat().st_mode & 0o111
    assert (out / "bin/sh").readlink() == Path("busybox")
    script = (out / "kvet/run.sh").read_text()
    assert "nonce=00ff" in script
    assert "eager_page_split" in script
    for name in ("init", "kvet/run.sh"):
        check = Command(argv=("sh", "-n"), timeout=10, stdin=(out / name).read_bytes())
        assert process.run(check).ok
    assert plan.record.parent == Path(value(plan.argv, "-initrd")).parent


def test_modules_and_their_parameters(order: Callable[..., Order], tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "modules" / "6.1.0-test"
    folder.mkdir(parents=True)
    names = ("virtio_console", "kvm_amd")
    (folder / "modules.dep").write_text("".join(f"{name}.ko:\n" for name in names))
    (folder / "modules.builtin").write_text("kernel/drivers/virtio/virtio_pci.ko\n")
    for name in names:
        (folder / f"{name}.ko").write_bytes(b"module")
    kernel = replace(order().machine.kernel, modules=folder)
    archive = Path(value(direct._plan(order(kernel=kernel, mode={"npt": "0"})).argv, "-initrd")).read_bytes()
    assert b"insmod /modules/00-virtio_console.ko  || fail" in archive
    assert b"insmod /modules/01-kvm_amd.ko npt=0 || fail" in archive
    (folder / "modules.dep").write_text("kvm_amd.ko:\n")
    with pytest.raises(EnvironmentFault, match="has no virtio_console") as caught:
        direct._plan(order(kernel=kernel))
    assert caught.value.cure


def test_what_is_missing_is_named(
    order: Callable[..., Order], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = order()
    monkeypatch.setattr(alone, "is_static", lambda path: False)
    with pytest.raises(EnvironmentFault, match="busybox is not installed") as caught:
        direct._plan(made)
    assert caught.value.cure == "apt-get install -y busybox-static"
    dynamic = guest.Program(name="ls", binary=tmp_path / "ls")
    dynamic.binary.write_bytes(b"\x7fELF and more")
    with pytest.raises(UserError, match="is not static"):
        direct.boot(made.machine, (dynamic,), logs=tmp_path / "logs", sink=silent)
    gone = guest.Program(name="no", binary=tmp_path / "no")
    with pytest.raises(EnvironmentFault, match="No such file"):
        direct.boot(made.machine, (gone,), logs=tmp_path / "logs", sink=silent)
    monkeypatch.setattr("kpatch_tools.tools.machine.locate", lambda name: "")
    with pytest.raises(EnvironmentFault, match="is not installed"):
        direct.boot(made.machine, (), logs=tmp_path / "logs", sink=silent)


@pytest.mark.parametrize("backend", list(Backend))
def test_one_way_to_boot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backend: Backend) -> None:
    called = []
    for name in ("direct", "vng"):
        monkeypatch.setattr(
            getattr(boot, name),
            "boot",
            lambda machine, programs, *, logs, sink, host_root=False, name=name: called.append(
                f"{name} --host-root" if host_root else name
            ),
        )
    machine = Machine(kernel=Kernel(image=Path("/x"), release="6"), acceleration=TCG)
    boot.boot(machine, (), logs=tmp_path, sink=silent, backend=backend)
    assert called == [backend.value]


def test_the_table_of_mounts_names_places_that_are_there() -> None:
    places = [place for _kind, place, _options in initramfs._MOUNTS]
    assert places[0] == "proc", "busybox finds itself there"
    assert {"sys", "dev", "tmp"} <= set(places)
