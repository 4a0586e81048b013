# SPDX-License-Identifier: GPL-2.0-only
"""What a shell gets when it asks, and the scripts in the shells themselves."""

import os
import pty
import shutil
import sys
import time
import warnings
from pathlib import Path

import pytest

from kpatch_tools.cli import app
from kpatch_tools.cli.completion import SHELLS
from kpatch_tools.model.run import Command
from kpatch_tools.tools import process

PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
# The function as bash calls it, with the line as it was typed.
ASK = """\
source <(kvet completion bash)
compopt() { :; }
COMP_LINE=$1 COMP_POINT=${#1}
_kvet_completion kvet
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def ask(tmp_path):
    """``ask("kvet re")``: what bash would offer there."""
    (tmp_path / "kvmail.mbox").touch()
    (tmp_path / "linux").mkdir()

    def call(line: str) -> list[str]:
        argv = ("bash", "--norc", "-c", ASK, "bash", line)
        done = process.run(Command(argv=argv, cwd=tmp_path, timeout=60, env={"PATH": PATH}))
        return done.ok_or_raise("bash").text.split()

    return call


def test_bash_completes_commands_and_options(ask):
    assert {"review", "render"} <= set(ask("kvet re"))
    assert ask("kvet docs exp") == ["explain"]
    assert "--per-patch" in ask("kvet review x --p")
    assert {"text", "json", "sarif"} <= set(ask("kvet review x --format "))


def test_bash_completes_what_kvet_knows_by_name(ask):
    assert {"kvm-map-memory/v2", "demo/v1"} <= set(ask("kvet review "))
    assert ask("kvet contract show kvm_p") == ["kvm_pre_fault_memory"]
    assert "underline-length" in ask("kvet docs explain under")
    assert "docs/underline-length" in ask("kvet docs explain docs/under")
    assert "message/imperative" in ask("kvet series rules message/i")
    assert "nested-paging" in ask("kvet matrix nes")
    assert ask("kvet man rev") == ["review"]


def test_bash_offers_files_beside_names(ask):
    assert set(ask("kvet review kv")) >= {"kvm-map-memory/v2", "kvmail.mbox"}
    assert ask("kvet review x --tree li") == ["linux"]


def test_bash_gets_only_what_stands_behind_a_colon(ask):
    assert ask("kvet review x --tree debian:6.1") == ["6.1", "6.12"]
    assert ask("kvet review x --tree=deb") == ["debian:6.1", "debian:6.12"]


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
def test_a_real_bash_puts_the_word_in(tmp_path):
    """A key press in an interactive bash: Tab after `kvet contract show kvm_p`."""
    start = tmp_path / "rc"
    start.write_text(f'PATH={PATH}\nPS1=">"\nsource <(kvet completion bash)\n')
    with warnings.catch_warnings():
        # From 3.12 on Python warns of a fork beside threads, and the test runner has some; bash has none.
        warnings.simplefilter("ignore", DeprecationWarning)
        child, terminal = pty.fork()
    if child == 0:
        os.execvp("bash", ["bash", "--rcfile", str(start), "--noprofile", "-i"])
    seen = b""
    try:
        os.write(terminal, b"kvet contract show kvm_p\t | cat\n")
        deadline = time.monotonic() + 60
        while b"checks, in this order" not in seen and time.monotonic() < deadline:
            seen += os.read(terminal, 4096)
    finally:
        os.write(terminal, b"\x03exit\n")
        os.close(terminal)
        os.waitpid(child, 0)
    assert b"KVM_PRE_FAULT_MEMORY" in seen
    assert b"checks, in this order" in seen


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell_is_printed(shell, capsys):
    assert app.run(["completion", shell]) == 0
    shown = capsys.readouterr().out
    assert "_KVET_COMPLETE" in shown
    assert "kvet" in shown


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell_is_read_by_it(shell, tmp_path, capsys):
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    app.run(["completion", shell])
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    read = process.run(Command(argv=(shell, "-n", str(script)), timeout=30))
    assert read.ok, read.error_text


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish here")
def test_a_real_fish_completes(tmp_path):
    line = "kvet completion fish | source; complete -C 'kvet contract show kvm_p'"
    home = {"HOME": str(tmp_path), "PATH": PATH}
    done = process.run(Command(argv=("fish", "--no-config", "-c", line), timeout=60, env=home, cwd=tmp_path))
    assert "kvm_pre_fault_memory" in done.ok_or_raise("fish").text


@pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh here")
def test_zsh_is_answered(tmp_path):
    """What its script asks: the line in COMP_WORDS, the answers in threes (type, value, help)."""
    asked = {"COMP_WORDS": "kvet contract show kvm_p", "COMP_CWORD": "3", "_KVET_COMPLETE": "zsh_complete"}
    line = "autoload -U compinit; compinit -u; source <(kvet completion zsh); (( $+_comps[kvet] )) && kvet"
    done = process.run(
        Command(
            argv=("zsh", "-f", "-c", line),
            timeout=60,
            env={"HOME": str(tmp_path), "PATH": PATH, "ZDOTDIR": str(tmp_path)},
            cwd=tmp_path,
        )
    )
    assert "Usage: kvet" in done.text + done.error_text
    answer = process.run(Command(argv=("kvet",), timeout=60, env={"PATH": PATH, **asked}, cwd=tmp_path))
    assert "plain\nkvm_pre_fault_memory\n_\n" in answer.text
