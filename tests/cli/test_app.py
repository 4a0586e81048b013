# SPDX-License-Identifier: GPL-2.0-only
"""The one error handler: class in, exit code and one clear message out."""

import errno
import sys

import pytest

from kpatch_tools.cli import app
from kpatch_tools.errors import EnvironmentFault, ToolFailed, UserError


@pytest.fixture
def failing(monkeypatch):
    def install(error: BaseException) -> None:
        def raise_it(**_kwargs):
            raise error

        monkeypatch.setattr(app.cli, "main", raise_it)

    return install


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            UserError("f:3: \x1b[2J is wrong", cure="write it right"),
            2,
            ["f:3: \\x1b[2J", "cure: write it right"],
        ),
        (EnvironmentFault("no qemu"), 3, ["no qemu"]),
        (
            UserError("two faults:\na.toml:1: x\x1b\na.toml:2: y"),
            2,
            ["two faults:\n", "  a.toml:1: x\\x1b\n"],
        ),
        (ToolFailed("make: exited with 2", tail="last\nwords", log="build.log"), 3, ["| words", "build.log"]),
        (OSError(errno.ENAMETOOLONG, "File name too long", "a" * 300), 2, ["too long", "cure: give a"]),
        (OSError(errno.ENOSPC, "No space left on device", "/x\x1b"), 3, ["/x\\x1b: No space", "make room"]),
        (PermissionError(errno.EACCES, "Permission denied", b"/y"), 3, ["/y: Permission denied", "cure: "]),
        (KeyboardInterrupt(), 130, ["interrupted"]),
    ],
)
def test_errors_become_exit_codes(failing, capsys, error, code, words):
    failing(error)
    assert app.run([]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert all(word in shown.err for word in words)
    assert "Traceback" not in shown.err


def test_a_bug_is_one_line_and_a_log_file(failing, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    failing(FileNotFoundError(errno.ENOENT, "No such file or directory", "gone"))
    assert app.run([]) == 4
    (log,) = tmp_path.glob("kvet-fault-*.log")
    log.unlink()
    failing(ZeroDivisionError("oops"))
    assert app.run([]) == 4
    assert "a fault in kvet: ZeroDivisionError: oops" in capsys.readouterr().err
    (log,) = tmp_path.glob("kvet-fault-*.log")
    assert "Traceback" in log.read_text()


def test_wrong_usage_is_2(capsys):
    assert app.run(["no-such-command"]) == 2
    assert "no-such-command" in capsys.readouterr().err


def test_help_names_every_command_without_importing_them(capsys):
    sys.modules.pop("kpatch_tools.cli.render", None)
    assert app.run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in app.COMMANDS)
    assert "kpatch_tools.cli.render" not in sys.modules


@pytest.mark.parametrize("name", list(app.COMMANDS))
def test_every_listed_command_exists(name, capsys):
    assert app.run([name, "--help"]) == 0
    assert "Usage:" in capsys.readouterr().out
