# SPDX-License-Identifier: GPL-2.0-only
"""The boot around a machine, with a fake virtme-ng and a fake qemu; real ones are in tests/flow."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.checks.vm import judge
from kpatch_tools.errors import EnvironmentFault, ToolFailed
from kpatch_tools.model.event import Event, silent
from kpatch_tools.model.run import Ended
from kpatch_tools.model.test import Verdict
from kpatch_tools.tools import alone, guest, probe, sandbox, vng
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import RECORD_NAME, Machine

NONCE = "00ff00ff"
TCG = probe.Acceleration(engine=probe.Engine.TCG, vendor="amd", evidence=("said so",))

# Prints a command line as virtme-ng 1.42 does, for a qemu that plays the guest itself.
FAKE_VNG = r"""#!/bin/sh
printf '%s\n' "$@" > "{record}"
while [ $# -gt 0 ]; do
    case $1 in
    --rodir) share=$2; shift;;
    --append) words="$words $2"; shift;;
    esac
    shift
done
echo "a remark of virtme-ng"
overlays="virtme_rw_overlay0=/etc virtme_rw_overlay1=/lib virtme_rw_overlay2=/usr"
echo "{qemu} -name virtme-ng -m 1G -fsdev local,id=virtfs5,path=/,security_model=none,readonly=on" \
    "-device virtio-9p-pci,fsdev=virtfs5,mount_tag=/dev/root -fsdev local,id=virtfs9,path=$share" \
    "-device virtio-9p-pci,fsdev=virtfs9,mount_tag=virtme.initmount0 -device i6300esb,id=watchdog0" \
    "-machine q35 -cpu max -parallel none -net none -smp 1 -vga none -display none" \
    "-serial chardev:console -chardev file,id=console,path=/dev/null" \
    "-chardev file,id=ret,path=$TMPDIR/virtme_ret1 -device virtio-serial-pci -no-reboot {extra}" \
    "-kernel ./bzImage -append 'virtme_initmount0=x virtme_initmount0_access=ro $overlays quiet" \
    "virtme_chdir=. rootfstype=9p ro virtme.exec=\`c2g=\`$words init={init}'"
"""
FAKE_QEMU = r"""#!/bin/sh
printf '%s\n' "$@" > "{record}"
for word; do
    case $word in
    file,id=console,path=*) console=${{word#file,id=console,path=}};;
    file,id=kvet.record,path=*) to=${{word#file,id=kvet.record,path=}};;
    esac
done
nonce={nonce}
console=$(printf %s "$console" | sed 's/,,/,/g')
note() {{ echo "$nonce $*" >> "$to"; }}
{body}
"""
GOOD_GUEST = r"""
echo "[    0.1] Linux version 6.1" > "$console"
echo "qemu: a remark" >&2
note "start 1.0"; note "release 6.1.0-test"; note "param kvm_amd.npt Y"; note "cpu svm npt"; note "kvm yes"
note "taint-before 0"; note "begin 1 7 2.0"
echo "kvet-$nonce begin 1"; echo "kvet-$nonce begin 1" >&2
sh "{program}" 2>&1
note "end 1 $? 3.0"; note "taint-after 0"; note "done"
"""


@pytest.fixture
def fake(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kernel_image: Callable[..., Path],
    request: pytest.FixtureRequest,
) -> Callable[..., Machine]:
    """``fake(body)``: a machine whose qemu runs ``body``; asked.txt and qemu.txt hold what they got."""

    def make(body: str = GOOD_GUEST, vng_script: str = FAKE_VNG, extra: str = "") -> Machine:
        qemu = tmp_path / "qemu-system-fake"
        body = body.replace("{program}", str(tmp_path / "the program"))
        qemu.write_text(FAKE_QEMU.format(record=tmp_path / "qemu.txt", body=body, nonce=NONCE))
        program = tmp_path / "vng"
        init = tmp_path / "virtme-ng-init"
        init.write_text("an init")
        names = {"record": tmp_path / "asked.txt", "qemu": qemu, "extra": extra, "init": init}
        program.write_text(vng_script.format(**names))
        for path in (qemu, program):
            path.chmod(0o755)
        real = probe.locate
        monkeypatch.setattr("kpatch_tools.tools.machine.secrets.token_hex", lambda size: NONCE)
        monkeypatch.setattr(alone, "locate", lambda name: str(busybox))
        monkeypatch.setattr(alone, "is_static", lambda path: True)
        busybox = tmp_path / "busybox"
        busybox.write_bytes(b"a busybox")
        # The stand-in for qemu writes where a qemu in the sandbox could not.
        token = sandbox.OFF.set(True)
        request.addfinalizer(lambda: sandbox.OFF.reset(token))
        monkeypatch.setattr(vng, "locate", lambda name: str(program) if name == "vng" else real(name))
        image = kernel_image(tmp_path / "boot" / "vmlinuz, 'odd' name")
        return Machine(kernel=Kernel(image=image, release="6.1.0-test"), acceleration=TCG)

    return make


@pytest.fixture
def programs(tmp_path: Path) -> list[guest.Program]:
    binary = tmp_path / "the program"
    binary.write_text("#!/bin/sh\nprintf 'TAP version 13\\n1..1\\nok 1 a\\n'\n")
    return [guest.Program(name="it's a, test", binary=binary, limit=7)]


def test_everything_that_a_boot_leaves(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path
) -> None:
    events: list[Event] = []
    logs = tmp_path / 'logs, with "odd" name'
    boot = vng.boot(fake(), programs, logs=logs, sink=events.append)
    evidence = boot.evidence
    assert (evidence.ended, evidence.returncode) == (Ended.EXITED, 0)
    assert evidence.console == "[    0.1] Linux version 6.1\n"
    assert evidence.machine_error == "qemu: a remark"
    assert evidence.record.done
    assert evidence.outputs[0].stdout == "TAP version 13\n1..1\nok 1 a\n"
    assert evidence.outputs[0].stderr == ""
    assert judge(evidence).verdict is Verdict.PASS
    assert boot.console_log.read_text() == evidence.console
    assert "ok 1 a" in boot.output_log.read_text()
    assert (logs / RECORD_NAME).read_text().endswith("done\n")
    assert any(event.text == "ok 1 a" for event in events)


def test_the_private_folder_is_gone_and_plain(
    fake: Callable[..., Machine],
    programs: list[guest.Program],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = tmp_path / "a b"
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    boot = vng.boot(fake(), programs, logs=tmp_path / "logs", sink=silent)
    asked = (tmp_path / "asked.txt").read_text().splitlines()
    share = Path(asked[asked.index("--rodir") + 1])
    assert not share.exists()
    assert " " not in str(share)
    assert boot.evidence.record.done


def test_what_virtme_ng_and_qemu_are_given(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path
) -> None:
    machine = fake()
    machine = Machine(
        kernel=machine.kernel,
        acceleration=TCG,
        mode={"npt": "0", "tdp_mmu": "N"},
        cpus=2,
        append=("extra=1",),
    )
    vng.boot(machine, programs, logs=tmp_path / "logs", sink=silent)
    asked = (tmp_path / "asked.txt").read_text().splitlines()
    assert {"--dry-run", "--disable-kvm", "--force-9p", "kvm_amd.npt=0", "kvm.tdp_mmu=N", "extra=1"} <= set(
        asked
    )
    assert asked[asked.index("--cpus") + 1] == "2"
    given = (tmp_path / "qemu.txt").read_text().splitlines()
    assert f"file,id=console,path={tmp_path}/logs/console.log" in given
    (append,) = [line for line in given if "virtme.exec" in line]
    assert append.endswith(" rdinit=/init loglevel=7")


def test_the_guest_gets_nothing_of_the_host(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path
) -> None:
    vng.boot(fake(), programs, logs=tmp_path / "logs", sink=silent)
    given = (tmp_path / "qemu.txt").read_text().splitlines()
    assert not any(
        word.startswith(("-fsdev", "-virtfs", "-drive", "virtio-9p", "-netdev", "-usb")) for word in given
    )
    assert given[given.index("-nic") + 1] == "none"
    assert "-nodefaults" in given
    assert "i6300esb,id=watchdog0" in given
    (append,) = [line for line in given if "virtme.exec" in line]
    for word in ("virtme_rw_overlay", "virtme_initmount", "rootfstype", "virtme_chdir", " ro ", "init=/opt"):
        assert word not in append


def test_the_whole_root_only_where_it_is_asked_for(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path
) -> None:
    vng.boot(fake(), programs, logs=tmp_path / "logs", sink=silent, host_root=True)
    given = (tmp_path / "qemu.txt").read_text().splitlines()
    shares = [word for word in given if word.startswith("local,")]
    assert next(word.split(",")[2] for word in shares) == "path=/"
    assert len(shares) == 2
    assert all("readonly=on" in word for word in shares)
    (append,) = [line for line in given if "virtme.exec" in line]
    assert "root=kvetroot" in append
    assert "virtme_rw_overlay0=/etc" in append
    # What the initramfs hides below /usr, an overlay would bring back.
    assert "virtme_rw_overlay1=/lib" not in append
    assert "virtme_rw_overlay2=/usr" not in append


@pytest.mark.parametrize("extra", ["-drive file=/etc/passwd", "-netdev user,id=n", "-machine q35%x"])
def test_what_virtme_ng_may_not_bring(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path, extra: str
) -> None:
    """A newer virtme-ng may want more of qemu: what is not known does not get there."""
    with pytest.raises(EnvironmentFault, match="which kvet does not know"):
        vng.boot(fake(extra=extra), programs, logs=tmp_path / "logs", sink=silent)


def test_devices_of_virtme_ng_are_left_out(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path
) -> None:
    made = fake(extra="-device vfio-pci,host=0 -net tap,x")
    vng.boot(made, programs, logs=tmp_path / "logs", sink=silent)
    given = (tmp_path / "qemu.txt").read_text()
    assert "vfio" not in given
    assert "tap" not in given


def test_hardware_is_used_when_there(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path
) -> None:
    kvm = probe.Acceleration(engine=probe.Engine.KVM, vendor="intel")
    machine = Machine(kernel=fake().kernel, acceleration=kvm)
    vng.boot(machine, programs, logs=tmp_path / "logs", sink=silent)
    assert "--disable-kvm" not in (tmp_path / "asked.txt").read_text()


def test_a_guest_needs_busybox(
    fake: Callable[..., Machine],
    programs: list[guest.Program],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = fake()
    monkeypatch.setattr(alone, "is_static", lambda path: False)
    with pytest.raises(EnvironmentFault, match="busybox is not installed") as caught:
        vng.boot(machine, programs, logs=tmp_path / "logs", sink=silent)
    assert caught.value.cure == "apt-get install -y busybox-static"


def test_a_record_that_is_a_link_is_not_followed(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path
) -> None:
    body = f'echo "$nonce start 1" > {tmp_path}/secret; ln -sf {tmp_path}/secret "$to"'
    machine = fake(body)
    boot = vng.boot(machine, programs, logs=tmp_path / "logs", sink=silent)
    assert not boot.evidence.record.started


def test_a_qemu_that_refuses(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path
) -> None:
    machine = fake("echo 'qemu: -device foo: no such device' >&2; exit 1")
    result = judge(vng.boot(machine, programs, logs=tmp_path / "logs", sink=silent).evidence)
    assert result.verdict is Verdict.INFRA
    assert "no such device" in result.reason


def test_a_virtme_ng_that_fails(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path
) -> None:
    machine = fake(vng_script="#!/bin/sh\necho boom >&2; exit 1\n")
    with pytest.raises(ToolFailed, match="virtme-ng cannot make a machine"):
        vng.boot(machine, programs, logs=tmp_path / "logs", sink=silent)


@pytest.mark.parametrize("line", ["nothing at all", "{qemu} -m 1G", "{qemu} -append 'x'"])
def test_a_virtme_ng_that_prints_something_else(
    fake: Callable[..., Machine], programs: list[guest.Program], tmp_path: Path, line: str
) -> None:
    machine = fake(vng_script=f'#!/bin/sh\necho "{line}"\n')
    with pytest.raises(EnvironmentFault, match="command line"):
        vng.boot(machine, programs, logs=tmp_path / "logs", sink=silent)


@pytest.mark.parametrize("name", ["vng", "setpriv"])
def test_a_program_that_is_missing(
    fake: Callable[..., Machine],
    programs: list[guest.Program],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    machine = fake()
    monkeypatch.setattr(
        "kpatch_tools.tools.machine.locate", lambda asked: "" if asked == name else "/bin/true"
    )
    with pytest.raises(EnvironmentFault, match=f"{name} is not installed") as caught:
        vng.boot(machine, programs, logs=tmp_path / "logs", sink=silent)
    assert caught.value.cure


def test_a_kernel_without_what_the_guest_needs(
    fake: Callable[..., Machine],
    programs: list[guest.Program],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "lib" / "modules" / "6.1.0-test"
    folder.mkdir(parents=True)
    (folder / "modules.dep").write_text("kernel/fs/9p/9p.ko:\n")
    kernel = Kernel(image=fake().kernel.image, release="6.1.0-test", modules=folder)
    machine = Machine(kernel=kernel, acceleration=TCG)
    with pytest.raises(EnvironmentFault, match="has no virtio_pci"):
        vng.boot(machine, programs, logs=tmp_path / "logs", sink=silent)
    drivers = ("virtio_pci", "virtio_console", "kvm_amd")
    (folder / "modules.dep").write_text("".join(f"kernel/{name}.ko:\n" for name in drivers))
    with pytest.raises(EnvironmentFault, match="has no 9p"):
        vng.boot(machine, programs, logs=tmp_path / "logs", sink=silent, host_root=True)
