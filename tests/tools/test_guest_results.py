# SPDX-License-Identifier: GPL-2.0-only
"""What a guest leaves is hostile text: nothing is followed, nothing blocks, and everything has a bound."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.checks.vm import judge
from kpatch_tools.model.test import Verdict
from kpatch_tools.tools import machine, results
from kpatch_tools.tools.machine import Boot
from kpatch_tools.tools.results import LINE_LIMIT, bounded, read_written
from tests.tools.test_machine import program, run

__all__ = ["run"]

LIMIT = 100_000
SECRET = "a secret of the host"


def _link(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def _hard_link(path: Path, secret: Path) -> None:
    path.hardlink_to(secret)


def _dangling(path: Path, secret: Path) -> None:
    path.symlink_to("nowhere")


def _fifo(path: Path, secret: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path, secret: Path) -> None:
    path.mkdir()


def _socket(path: Path, secret: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.path.relpath(path))


def _device(path: Path, secret: Path) -> None:
    try:
        os.mknod(path, 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes a device")


TRAPS = {
    _link: "a symbolic link",
    _hard_link: "under a second name",
    _dangling: "a symbolic link",
    _fifo: "a pipe",
    _folder: "a directory",
    _socket: "a socket",
    _device: "a device",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_is_no_plain_file_is_refused(
    trap: Callable[[Path, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    trap(tmp_path / "record", secret)
    seen = read_written(tmp_path / "record", LIMIT)
    assert seen.text == ""
    assert TRAPS[trap] in seen.fault
    assert seen.fault.startswith("record is ")


def test_a_plain_file_and_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "record").write_text("words\n")
    assert read_written(tmp_path / "record", LIMIT) == results.Written(text="words\n")
    assert read_written(tmp_path / "none", LIMIT) == results.Written()


def test_ten_gigabytes_of_nothing(tmp_path: Path) -> None:
    with (tmp_path / "record").open("wb") as stream:
        stream.truncate(10 << 30)
    seen = read_written(tmp_path / "record", LIMIT)
    assert seen.cut == f"record holds more than {LIMIT} bytes"
    assert len(seen.text) <= LIMIT + 100
    assert "\0" not in seen.text


def test_one_line_of_100_megabytes() -> None:
    seen = bounded("ok 1 a\n" + "x" * 100_000_000 + "\nok 2 b\n", "it")
    first, long, last = seen.text.splitlines()
    assert (first, last) == ("ok 1 a", "ok 2 b")
    assert long == "x" * LINE_LIMIT + f" [{100_000_000 - LINE_LIMIT} more characters]"
    assert seen.cut == ""


def test_many_lines_just_below_the_limit() -> None:
    """Looked at from each of their characters, these took minutes; nothing is timed here."""
    text = ("x" * (LINE_LIMIT - 8) + "\n") * 16_000
    assert bounded(text, "it") == results.Written(text=text)


def test_a_million_lines() -> None:
    seen = bounded("a\n" * 1_000_000, "standard output")
    assert seen.cut == f"standard output has more than {results.LINES_LIMIT} lines"
    assert seen.text.count("\n") < results.LINES_LIMIT + 1


@given(st.binary(max_size=300))
def test_any_bytes_become_text_of_lines(raw: bytes) -> None:
    text = bounded(raw.decode(errors="replace"), "it").text
    assert "\0" not in text
    text.encode()


FORGERIES = {
    "a link": "ln -s {secret} $record",
    "a hard link": "ln {secret} $record",
    "a pipe": "mkfifo $record",
    "a folder": "mkdir $record",
    "a doubled end": "{good}; echo $nonce end 1 0 3 >> $record",
    "two of all": "{good}; {good}",
    "a line of somebody else": "{good}; echo forged done >> $record",
    "too long": "{good}; dd if=/dev/zero of=$record bs=1M count=0 seek=20 2> /dev/null",
    "a second mark": "{good}; echo kvet-$nonce begin 1; echo ok 1 a",
    "a mark for nobody": "{good}; echo kvet-$nonce begin 7 >&2",
}
GOOD = (
    "for word in 'start 1' 'param kvm_amd.npt Y' 'cpu svm npt' 'kvm yes' 'taint-before 0' 'begin 1 5 1' "
    "'end 1 0 2' 'taint-after 0' done; do echo $nonce $word >> $record; done; "
    "echo kvet-$nonce begin 1; echo kvet-$nonce begin 1 >&2; echo TAP version 13; echo 1..1; echo ok 1 a"
)


def test_the_good_boot_that_the_forgeries_change(run: Callable[..., Boot]) -> None:
    assert judge(run(GOOD, (program(),)).evidence).verdict is Verdict.PASS


@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_record_proves_nothing(run: Callable[..., Boot], tmp_path: Path, how: str) -> None:
    """Whatever it is, there is no pass, the reason is told, and nothing of the host gets into the report."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    done = run(FORGERIES[how].format(secret=secret, good=GOOD), (program(),))
    judged = judge(done.evidence)
    assert judged.verdict not in {Verdict.PASS, Verdict.SKIP, Verdict.XFAIL}
    assert judged.reason
    assert "to be believed" in judged.reason
    assert not [test for test in judged.tests if test.status.good]
    assert SECRET not in str(done.evidence)
    assert SECRET not in (tmp_path / "logs" / machine.RECORD_NAME).read_text()


def test_no_file_grows_beyond_its_bound(run: Callable[..., Boot], tmp_path: Path) -> None:
    """The host's kernel holds it, however fast it is written: that is the end of qemu, and no pass."""
    done = run(f"{GOOD}; dd if=/dev/zero of=$record bs=1M count=0 seek=10240", (program(),))
    assert judge(done.evidence).verdict is Verdict.INFRA
    loud = run("exec dd if=/dev/zero of=$console bs=1M count=10240", (program(),))
    assert judge(loud.evidence).verdict is Verdict.FLOOD
    assert loud.console_log.stat().st_size < 2 * machine.OUTPUT_LIMIT


def test_a_link_in_the_log_folder_is_not_written_through(run: Callable[..., Boot], tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in (machine.CONSOLE_NAME, machine.OUTPUT_NAME, machine.RECORD_NAME):
        (tmp_path / name).write_text("mine\n")
        (logs / name).symlink_to(tmp_path / name)
    run(f"echo hello > $console; {GOOD}", (program(),))
    for name in (machine.CONSOLE_NAME, machine.OUTPUT_NAME, machine.RECORD_NAME):
        assert (tmp_path / name).read_text() == "mine\n"
        assert not (logs / name).is_symlink()
