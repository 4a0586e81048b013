# SPDX-License-Identifier: GPL-2.0-only
"""What a program in a real guest sees of the host, and what it reaches of the channels that judge it."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.checks.vm import judge
from kpatch_tools.model.event import silent
from kpatch_tools.model.run import Ended
from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Backend
from kpatch_tools.tools import guest, probe
from kpatch_tools.tools import machine as machine_module
from kpatch_tools.tools.boot import boot
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Boot, Machine
from tests.machines import built_kernel, compiled, debian_kernel, require, shell

pytestmark = [pytest.mark.vm, pytest.mark.kernel, pytest.mark.timeout(3600)]

ALONE = (Backend.DIRECT, Backend.VNG)
LOOK = """
look() {{ echo "# $1: $(eval "$2" 2>&1 | tr '\\n' ' ')"; }}
look mounts 'cut -d" " -f1-4 /proc/mounts'
look net 'ls /sys/class/net'
look disks 'ls /sys/block'
look pci 'cat /sys/bus/pci/devices/*/class'
look usb 'ls /sys/bus/usb/devices'
look shares 'cat /sys/bus/virtio/drivers/9pnet_virtio/virtio*/mount_tag'
look planted 'cat {planted}'
look found '{search} / -xdev -name {name}'
look send 'ping -c 1 -W 1 10.0.2.2'
echo written > {written} 2> /dev/null
"""
FORGER = r"""
	char path[64], line[256];
	int parent = getppid(), self = getpid(), out;

	/* The word of the boot: in the script, and in the memory of the shell that runs it. */
	if (open("/kvet/run.sh", O_RDONLY) >= 0)
		puts("not ok 2 read the script");
	for (int pid = 1; pid < self; pid++) {
		snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		int words = open(path, O_RDONLY);
		ssize_t got = words < 0 ? 0 : read(words, line, sizeof(line));
		close(words);
		if (got <= 0 || pid == self)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/mem", pid);
		if (open(path, O_RDWR) >= 0)
			printf("not ok 2 memory of %d\n", pid);
		if (!syscall(101 /* ptrace */, 16 /* PTRACE_ATTACH */, pid, 0, 0))
			printf("not ok 2 traced %d\n", pid);
		int handle = syscall(434 /* pidfd_open */, pid, 0);
		for (int fd = 3; fd < 16; fd++)
			if (syscall(438 /* pidfd_getfd */, handle, fd, 0) >= 0)
				printf("not ok 2 descriptor %d of %d\n", fd, pid);
		for (int fd = 0; fd < 16; fd++) {
			snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
			if (open(path, O_WRONLY) >= 0)
				printf("not ok 2 opened %s\n", path);
		}
	}
	for (int fd = 3; fd < 32; fd++)
		if (write(fd, "x", 0) >= 0)
			printf("not ok 2 descriptor %d was left open\n", fd);
	for (int port = 0; port < 64; port++) {
		snprintf(path, sizeof(path), "/dev/vport%dp%d", port / 8, port % 8);
		out = open(path, O_WRONLY);
		if (out >= 0 || errno != EBUSY && errno != ENOENT)
			printf("not ok 2 opened %s %m\n", path);
	}
	puts("kvet-0 begin 1\nkvet- begin 2\n0 done");
"""
# Without the script that holds it the port can be opened; without the word nothing counts that is written.
KILLER = r"""
	signal(SIGTERM, SIG_IGN);
	kill(-1, SIGKILL);
	kill(getppid(), SIGKILL);
	sleep(1);
	for (int port = 0; port < 64; port++) {
		char path[64];
		snprintf(path, sizeof(path), "/dev/vport%dp%d", port / 8, port % 8);
		int out = open(path, O_WRONLY);
		if (out >= 0)
			dprintf(out, "0 end 1 0 9\n0 taint-after 0\n0 done\n");
	}
"""
# Root can take the driver from the ports and give it back: then the script has none, and the flood does.
UNBIND = """
cd /sys/bus/virtio/drivers/virtio_console
for device in virtio*; do echo $device > unbind; echo $device > bind; done
sleep 1
for port in /dev/vport*; do cat /dev/zero > $port & done
wait
"""


# The kernel starts the named program for a core, as root; the rights that it has there are looked at.
HELPED = """
cat > /tmp/helper <<'END'
#!/bin/sh
grep CapEff /proc/self/status > /tmp/helped
ls -l /proc/1/fd/9 >> /tmp/helped 2>&1
END
chmod 755 /tmp/helper
echo '|/tmp/helper' > /proc/sys/kernel/core_pattern
sh -c 'kill -SEGV $$'
sleep 1
echo "# $(cat /tmp/helped)" | tr '\\n' ' '
echo
mkdir -p /tmp/fake/sys/kernel && echo 0 > /tmp/fake/sys/kernel/tainted && mount -o bind /tmp/fake /proc
"""


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    require("vng", "gcc", "bwrap")
    return built_kernel()


@pytest.fixture
def run(kernel: Kernel, tmp_path: Path) -> Callable[..., Boot]:
    """``run(backend, program, ...)``: one boot with the logs below tmp_path."""

    def call(backend: Backend, *programs: guest.Program, **changes: object) -> Boot:
        machine = Machine(**{"kernel": kernel, "acceleration": probe.acceleration(), **changes})
        return boot(machine, programs, logs=tmp_path / "logs", sink=silent, backend=backend)

    return call


def look(run: Callable[..., Boot], backend: Backend, place: Path) -> tuple[dict[str, str], str]:
    """What a program sees, by the names in LOOK, and the secret word that was planted on the host."""
    secret = secrets.token_hex(8)
    planted = place / f"planted-{secrets.token_hex(4)}"
    planted.write_text(f"{secret}\n")
    # Through 9p a search of the whole host would take minutes.
    search = "echo" if backend is Backend.HOST_ROOT else "find"
    body = LOOK.format(planted=planted, search=search, name=planted.name, written=place / "written")
    done = run(backend, shell(place, "look", body, limit=120))
    judged = judge(done.evidence)
    assert judged.verdict is Verdict.PASS, judged.reason
    lines = [
        line[2:].partition(": ") for line in done.evidence.outputs[0].stdout.splitlines() if line[:2] == "# "
    ]
    return {name: said for name, _, said in lines}, secret


@pytest.mark.parametrize("backend", ALONE)
def test_a_guest_sees_nothing_of_the_host(run: Callable[..., Boot], tmp_path: Path, backend: Backend) -> None:
    seen, secret = look(run, backend, tmp_path)
    assert secret not in str(seen)
    assert "No such file" in seen["planted"]
    assert seen["found"].strip() == ""
    assert "9p" not in seen["mounts"]
    assert "virtiofs" not in seen["mounts"]
    assert seen["net"].split() == ["lo"]
    assert "No such file" in seen["shares"]
    assert not [disk for disk in seen["disks"].split() if disk.startswith(("vd", "sd", "sr", "nvme", "fd"))]
    # Classes of PCI devices: 0x02 is a network card, 0x01 a disk, 0x0c03 USB.
    assert not [word for word in seen["pci"].split() if word.startswith(("0x02", "0x0c03"))]
    assert "1 packets received" not in seen["send"]
    assert not (tmp_path / "written").exists()


def test_the_host_is_seen_where_it_is_asked_for(run: Callable[..., Boot], tmp_path: Path) -> None:
    """The same program finds all of it then, so the test above can fail; it still writes nothing."""
    seen, secret = look(run, Backend.HOST_ROOT, tmp_path)
    assert secret in seen["planted"]
    assert "9p" in seen["mounts"]
    assert seen["net"].split() == ["lo"]
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize("backend", ALONE)
def test_a_program_cannot_speak_for_the_script(
    run: Callable[..., Boot], tmp_path: Path, backend: Backend
) -> None:
    """It is root, and reaches neither the word of the boot nor the port; what it prints is its own."""
    done = run(backend, compiled(tmp_path, "forger", FORGER), shell(tmp_path, "after", ""))
    judged = judge(done.evidence)
    assert done.evidence.record.faults == ()
    assert judged.verdict is Verdict.PASS, done.evidence.outputs[0].stdout
    assert "kvet- begin 2" in done.evidence.outputs[0].stdout
    assert [run.code for run in done.evidence.record.tests] == [0, 0]


def test_what_the_kernel_starts_and_what_a_program_mounts(run: Callable[..., Boot], tmp_path: Path) -> None:
    """The helper has no rights beyond its number, and a false /proc is the program's alone."""
    # Our own small kernel writes no cores.
    stock = debian_kernel("6.12")
    programs = (shell(tmp_path, "helped", HELPED, limit=60), shell(tmp_path, "after", ""))
    done = run(Backend.DIRECT, *programs, kernel=stock)
    judged = judge(done.evidence)
    out = done.evidence.outputs[0].stdout
    assert judged.verdict is Verdict.PASS, judged.reason
    assert "CapEff:\t0000000000000000" in out, out
    assert "Permission denied" in out
    assert done.evidence.record.done
    assert done.evidence.record.taint_after == done.evidence.record.taint_before


@pytest.mark.parametrize("backend", ALONE)
def test_a_program_that_kills_all_others(run: Callable[..., Boot], tmp_path: Path, backend: Backend) -> None:
    done = run(backend, compiled(tmp_path, "killer", KILLER), boot_timeout=20.0)
    judged = judge(done.evidence)
    if backend is Backend.DIRECT:
        # There the script is the first process, which nothing in the guest can end.
        assert judged.verdict is Verdict.PASS
        assert done.evidence.record.done
    else:
        assert judged.verdict in {Verdict.NO_VERDICT, Verdict.PANIC, Verdict.HANG}
        assert not [test for test in judged.tests[1:] if test.status.good]


@pytest.mark.parametrize("backend", ALONE)
def test_ports_taken_from_the_script(run: Callable[..., Boot], tmp_path: Path, backend: Backend) -> None:
    """The most that root can do there without breaking its kernel: it gets no verdict, and no room."""
    done = run(backend, shell(tmp_path, "taker", UNBIND, limit=20), boot_timeout=20.0)
    judged = judge(done.evidence)
    assert judged.verdict in {Verdict.FLOOD, Verdict.NO_VERDICT, Verdict.HANG, Verdict.PANIC}
    sizes = [path.stat().st_size for path in (tmp_path / "logs").iterdir()]
    assert max(sizes) < 2 * machine_module.OUTPUT_LIMIT + (1 << 20)
    assert done.evidence.ended is not Ended.EXITED or not done.evidence.record.done
