# SPDX-License-Identifier: GPL-2.0-only
"""The sandbox with small programs: what they see, what they may use, and that nothing else starts a build."""

import ast
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, SandboxLimit
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.model.sandbox import Limits, Sandbox
from kpatch_tools.tools import alive, cgroup, process, sandbox, sandboxwatch

needs_sandbox = pytest.mark.skipif(shutil.which(sandbox.PROGRAM) is None, reason="needs bubblewrap")
SOURCES = Path(sandbox.__file__).parent
MIB = 1 << 20
Tried = Callable[..., RunResult]


@pytest.fixture
def tried(tmp_path: Path) -> Tried:
    """``tried("script")``: what a shell does in a sandbox with tmp_path/own to write in."""
    own = tmp_path / "own"
    own.mkdir()

    def run(script: str, *, shell: str = "sh", stdin: bytes = b"", timeout: float = 30, **asked) -> RunResult:
        chosen = Sandbox(**{"writable": (own,), **asked})
        command = Command(argv=(shell, "-c", script), timeout=timeout, cwd=own, sandbox=chosen, stdin=stdin)
        return process.run(command)

    return run


@needs_sandbox
def test_a_program_sees_the_system_and_what_it_was_given(tried: Tried, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("given\n")
    (tmp_path / "kept").write_text("secret\n")
    done = tried(
        f"cat {tmp_path}/given {tmp_path}/kept; ls {tmp_path} /; echo made >file; pwd",
        readable=(tmp_path / "given", tmp_path / "absent"),
    )
    assert "given" in done.text
    assert "secret" not in done.text
    assert str(tmp_path / "own") in done.text
    others = {"home", "root", "run", "var", "sys", "mnt"} - set(tmp_path.parts)
    assert not others & set(done.text.split())
    assert (tmp_path / "own/file").read_text() == "made\n"


@needs_sandbox
def test_what_is_readable_is_not_writable_and_nothing_else_is(tried: Tried, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("given\n")
    for place in (tmp_path / "given", "/x", "/usr/x", "/etc/x", "/dev/x", "/proc/self/oom_score_adj"):
        done = tried(f"echo changed >{place}", readable=(tmp_path / "given",))
        assert done.returncode, place
    assert (tmp_path / "given").read_text() == "given\n"


@needs_sandbox
def test_a_folder_may_lie_elsewhere_inside(tried: Tried, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    done = tried(f"echo x >{tmp_path}/inside/y", moved=((tmp_path / "outside", tmp_path / "inside"),))
    assert done.ok
    assert (tmp_path / "outside/y").read_text() == "x\n"
    assert not (tmp_path / "inside").exists()


@needs_sandbox
def test_the_environment_is_a_list_of_ours(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "hunter2")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    words = tried("env; tr '\\0' '\\n' </proc/1/environ").text.split()
    assert {word.partition("=")[0] for word in words} <= {"PATH", "HOME", "TMPDIR", "LC_ALL", "PWD", "OLDPWD"}
    assert "HOME=/tmp" in words


@needs_sandbox
def test_no_descriptor_of_ours_is_there(tried: Tried, tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as stream:
        os.set_inheritable(stream.fileno(), True)
        listed = tried("ls -l /proc/self/fd /proc/1/fd").text
    assert str(tmp_path / "open") not in listed


@needs_sandbox
def test_a_listener_of_this_machine_is_not_reached(tried: Tried) -> None:
    abstract = f"\0kvet-test-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX) as other:
        other.bind(abstract)
        other.listen()
        port = listener.getsockname()[1]
        assert process.run(Command(argv=("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}"), timeout=9)).ok
        assert not tried(f"exec 3<>/dev/tcp/127.0.0.1/{port}", shell="bash").ok
        python = f"import socket; socket.socket(socket.AF_UNIX).connect({abstract!r})"
        assert not tried(f'{sys.executable} -c "{python}"', readable=(Path(sys.prefix),)).ok


@needs_sandbox
def test_it_has_no_capability_and_gets_none(tried: Tried) -> None:
    done = tried("grep -E '^(CapEff|CapPrm|NoNewPrivs)' /proc/self/status; unshare --user true && echo new")
    assert done.text.split()[:6] == ["CapPrm:", "0" * 16, "CapEff:", "0" * 16, "NoNewPrivs:", "1"]
    assert "new" not in done.text.split()


@needs_sandbox
def test_the_exit_code_and_the_streams_are_the_programs(tried: Tried) -> None:
    done = tried("cat; echo bad >&2; exit 5", stdin=b"given")
    assert (done.ended, done.returncode, done.text, done.error_text) == (Ended.EXITED, 5, "given", "bad\n")
    missing = process.run(Command(argv=("no-such-program",), timeout=9, sandbox=Sandbox()))
    assert missing.ended is Ended.NOT_FOUND


@needs_sandbox
def test_words_of_bubblewrap_that_a_program_forges_are_its_own(tried: Tried) -> None:
    done = tried("echo 'bwrap: No permissions to create new namespace' >&2; exit 1")
    assert (done.ended, done.returncode) == (Ended.EXITED, 1)


@needs_sandbox
def test_nothing_is_left_behind_by_an_end_or_a_deadline(tried: Tried) -> None:
    for script, timeout in (("setsid sleep 8765 & exit 0", 30.0), ("setsid sleep 8765 & wait", 0.5)):
        tried(script, timeout=timeout)
        assert not _running("sleep\0" + "8765")


def _running(words: str) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if place.read_bytes().startswith(words.encode()):
                found.append(place.parent.name)
        except OSError:
            continue
    return found


@needs_sandbox
def test_it_dies_with_kvet_even_by_sigkill(tmp_path: Path) -> None:
    script = (
        "from kpatch_tools.model.run import Command\n"
        "from kpatch_tools.model.sandbox import Sandbox\n"
        "from kpatch_tools.tools import process\n"
        "import os\n"
        "def tell(_line): os.kill(os.getpid(), 9)\n"
        "argv = ('sh', '-c', 'setsid sleep 7654 & echo here; wait')\n"
        "process.run(Command(argv=argv, timeout=30, sandbox=Sandbox()), on_line=tell)\n"
    )
    done = process.run(Command(argv=(sys.executable, "-c", script), timeout=30, cwd=tmp_path))
    assert done.ended is Ended.SIGNALLED
    process.run(Command(argv=("sleep", "0.3"), timeout=5))
    assert not _running("sleep\0" + "7654")


@needs_sandbox
def test_a_fork_bomb_is_ended_and_named(tried: Tried) -> None:
    done = tried("for n in $(seq 500); do sleep 20 & done; wait", limits=Limits(processes=40), timeout=60)
    assert done.limit == "more than 40 processes" or "fork" in done.error_text
    if done.limit:
        assert done.ended is Ended.LIMIT
        with pytest.raises(SandboxLimit, match="the build: sh was ended by the sandbox: more than 40 proc"):
            done.ok_or_raise("the build")


@needs_sandbox
def test_memory_is_bounded(tried: Tried) -> None:
    eater = "exec perl -e 'while (1) { push @x, \"x\" x (1 << 24); }'"
    done = tried(eater, limits=Limits(memory=300 * MIB))
    assert (done.ended, done.limit) == (Ended.LIMIT, "more than 300 MiB of memory")


@needs_sandbox
def test_the_disk_is_bounded(tried: Tried, tmp_path: Path) -> None:
    filler = "n=0; while :; do n=$((n+1)); dd if=/dev/zero of=f$n bs=1M count=20 2>/dev/null; done"
    done = tried(filler, limits=Limits(disk=200 * MIB))
    assert (done.ended, done.limit) == (Ended.LIMIT, "more than 200 MiB on the disk")
    assert sandboxwatch.lies_in(tmp_path, 1000)[0] < 4 << 30


@needs_sandbox
def test_a_file_and_the_temporary_folder_are_bounded(tried: Tried, tmp_path: Path) -> None:
    tried("dd if=/dev/zero of=large bs=1M count=9", limits=Limits(file=MIB))
    assert (tmp_path / "own/large").stat().st_size <= MIB
    for place in ("/tmp/x", "/dev/shm/x"):
        full = tried(f"dd if=/dev/zero of={place} bs=1M count=200", limits=Limits(temporary=9 * MIB))
        assert "No space left" in full.error_text, place


def test_the_number_of_files_is_bounded(tmp_path: Path) -> None:
    for at in range(20):
        (tmp_path / str(at)).touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert sandboxwatch.lies_in(tmp_path, 100)[1] == 21
    assert 5 < sandboxwatch.lies_in(tmp_path, 5)[1] <= 21


def test_use_is_of_one_namespace_alone() -> None:
    own = int(str(Path("/proc/self/ns/pid").readlink()).partition("[")[2].rstrip("]"))
    here, nowhere = sandboxwatch.use_of(own), sandboxwatch.use_of(1)
    assert here.processes > 1
    assert here.memory > MIB
    assert (nowhere.processes, nowhere.memory) == (0, 0)


def test_without_bubblewrap_nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="bubblewrap is not installed") as caught:
        process.run(Command(argv=("true",), timeout=9, sandbox=Sandbox()))
    assert caught.value.cure == "apt-get install -y bubblewrap"


def test_where_it_makes_none_nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(EnvironmentFault, match="No permissions to create new namespace"):
        process.run(Command(argv=("true",), timeout=9, sandbox=Sandbox()))


def test_without_a_sandbox_on_purpose(tmp_path: Path) -> None:
    command = Command(argv=("sh", "-c", f"echo x >{tmp_path}/x"), timeout=9, sandbox=Sandbox())
    with sandbox.unprotected():
        assert sandbox.OFF.get()
        assert process.run(command).ok
    assert not sandbox.OFF.get()
    assert (tmp_path / "x").is_file()


@needs_sandbox
def test_in_a_chroot_the_root_is_mounted_again(monkeypatch: pytest.MonkeyPatch, tried: Tried) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can do without a user namespace")
    monkeypatch.setattr(sandbox, "ways", lambda: (False,))
    monkeypatch.setattr(sandbox, "root_is_mounted", lambda: False)
    done = tried("echo here; ls /; echo x >/proc/sys/kernel/hostname")
    assert "here" in done.text
    assert "Read-only" in done.error_text
    assert "root" not in done.text.split()
    assert "kvet-root-" not in Path("/proc/self/mountinfo").read_text()


def test_tools_outside_of_the_system_are_shown_but_none_of_a_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sandbox, "NO_TOOLS", ("/home",))
    for name in ("opt/cross/bin", "opt/cross/lib", "opt/cross/x86_64-linux-gnu", "bin", "home/bin"):
        (tmp_path / name).mkdir(parents=True)
    # A project with a bin is not all tools; and a link into a home is no folder outside of it.
    for name in ("opt/cross/.git", "opt/cross/mail"):
        (tmp_path / name).mkdir()
    (tmp_path / "linked").symlink_to("home/bin")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv(
        "PATH", f"/usr/bin:{tmp_path}/opt/cross/bin:{tmp_path}/home/bin:{tmp_path}/linked:{tmp_path}/no:.:/"
    )
    command = Command(argv=("true",), timeout=9)
    words = sandbox.arguments(command, Sandbox(), users=True)
    shown = {word for word in words if word.startswith(f"{tmp_path}/opt")}
    assert shown == {f"{tmp_path}/opt/cross/{name}" for name in ("bin", "lib", "x86_64-linux-gnu")}
    assert not any("home/bin" in word or "linked" in word for word in words)
    path = sandbox.search_path().split(":")
    assert path[:2] == ["/usr/bin", f"{tmp_path}/opt/cross/bin"]
    assert not {".", "/", f"{tmp_path}/home/bin"} & set(path)


@pytest.mark.parametrize("option", ["--unshare-net", "--unshare-pid", "--cap-drop", "--new-session"])
def test_no_option_is_missing(option: str) -> None:
    command = Command(argv=("true",), timeout=9)
    for users in (True, False):
        words = sandbox.arguments(command, Sandbox(), users=users)
        assert option in words
        assert [words[at + 1] for at, word in enumerate(words) if word == "--remount-ro"] == [
            "/proc",
            "/dev",
            "/",
        ]
    assert "--disable-userns" in sandbox.arguments(command, Sandbox(), users=True)


def test_an_ended_sandbox_needs_no_process() -> None:
    alive.end_sandbox(0, 0)
    alive.end_sandbox(2**22 - 3, 1)


def test_a_control_group_is_gone_afterwards() -> None:
    with cgroup.bounded(50) as words:
        done = process.run(Command(argv=(*words, "cat", "/proc/self/cgroup"), timeout=9))
        assert done.ok
        if words:
            assert Path(words[-1]).name in done.text
            assert Path(words[-1], "pids.max").read_text().strip() == "50"
    if words:
        assert not Path(words[-1]).exists()


def test_each_program_that_runs_a_trees_code_has_a_sandbox() -> None:
    """No Command without one whose program is make, perl, sphinx-build, gcc over headers, or binutils."""
    bare = list(_bare_commands(SOURCES))
    assert not bare, bare


def test_that_a_bare_one_is_found(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text('run(Command(argv=("make", "-C", "x"), timeout=3))\n')
    (tmp_path / "good.py").write_text('run(Command(argv=("make",), timeout=3, sandbox=Sandbox()))\n')
    (tmp_path / "gitrun.py").write_text('run(Command(argv=("git",), timeout=3))\n')
    assert list(_bare_commands(tmp_path)) == ["bad.py:1"]


# Modules whose Commands run no code of a tree and read nothing that it made, each with what they run.
_OURS = {
    "apt": "apt", "b4": "b4", "ccache": "ccache's own upkeep", "foreign": "depmod",
    "formatpatch": "git", "git": "git", "gitconfig": "git", "gitpython": "python", "gitrun": "git",
    "identity": "git", "initramfs": "zstd", "kernels": "apt and dpkg", "launcher": "gcc, over our own C",
    "machine": "qemu", "origins": "cp",
    "probe": "versions", "trees": "apt and tar", "vng": "vng",
}  # fmt: skip
_VERSIONS = {"--version"}


def _bare_commands(folder: Path) -> list[str]:
    found = []
    for path in sorted(folder.glob("*.py")):
        if path.stem in _OURS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Command"):
                continue
            words = {item.value for item in ast.walk(node) if isinstance(item, ast.Constant)}
            if not any(key.arg == "sandbox" for key in node.keywords) and not words & _VERSIONS:
                found.append(f"{path.name}:{node.lineno}")
    return found


def test_a_number_that_is_somebody_elses_by_now_is_left_alone() -> None:
    ours = Path("/proc/self/ns/pid").stat().st_ino
    other = os.posix_spawn("/bin/sleep", ("sleep", "60"), {})
    alive.end_sandbox(other, ours + 1)
    assert os.waitpid(other, os.WNOHANG) == (0, 0)
    alive.end_sandbox(other, ours)
    assert os.waitpid(other, 0) == (other, signal.SIGKILL)
