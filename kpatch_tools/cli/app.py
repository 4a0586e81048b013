# SPDX-License-Identifier: GPL-2.0-only
"""The command group and the one error handler: error class in, exit code out."""

import contextlib
import errno
import gc
import importlib
import os
import select
import sys
from collections.abc import Iterator
from typing import Any

import click

from kpatch_tools import __version__
from kpatch_tools.cli import misuse
from kpatch_tools.cli.command import EXITS, Group, write_examples
from kpatch_tools.errors import EnvironmentFault, ToolFailed, ToolkitError, UserError
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.files import FULL

EXIT_BUG = 4
EXIT_INTERRUPTED = 130
# As a shell tells a program that SIGPIPE ended: 128 and the signal's number, 13.
EXIT_UNREAD = 141
# The variable by which a shell asks for completions; click makes its name from the program's.
COMPLETE = "_KVET_COMPLETE"
_GARBAGE = 50_000
_LONGEST_NAME = 200

# By what one wants to do; the words stand here so that the help need not import every command.
GROUPS = {
    "Review a series": {
        "review": "take it to a verdict: apply, documentation, build, tests",
        "render": "turn a saved report into a mail, a page or another format",
        "demo": "the whole way on a small series of kvet's own, in seconds",
    },
    "Look at one stage": {
        "series": "what a series holds, its rules, what a new version changed",
        "apply": "apply a series to a kernel tree without a checkout",
        "docs": "check and mend api.rst, see it rendered, explain a rule",
        "contract": "hold header, document and kernel against what an ioctl promises",
        "build": "build a small kernel from a commit, with a series or without",
        "test": "run the selftest of a contract in virtual machines",
        "matrix": "run tests in several modes on several kernels",
    },
    "Understand a finding": {
        "explain": "what a rule finds, why, and how to mend it",
        "rules": "list the rules",
    },
    "Write": {
        "gen": "write the C selftest of a contract",
    },
    "Let machines ask": {
        "plan": "divide a review into jobs for several machines",
        "collect": "make one report of what these jobs left",
        "b4-setup": "make b4 ask kvet",
    },
    "This machine": {
        "doctor": "what it can do, and how to mend what it cannot",
        "tree": "bring a kernel tree",
        "completion": "let the shell complete kvet's words",
        "man": "write the manual pages",
    },
}
COMMANDS = {name: text for group in GROUPS.values() for name, text in group.items()}
EXAMPLES = (
    ("kvet demo", "no kernel tree, no network: see what a review is"),
    ("kvet series show kvm-map-memory/v2", "look into a series that kvet ships"),
    ("kvet review kvm-map-memory/v2 --tree debian:6.1", "take it to a verdict on Debian's kernel"),
)
_COMMON_EXITS = {
    0: "clean",
    1: "findings",
    **EXITS,
    EXIT_BUG: "a fault in kvet",
    EXIT_INTERRUPTED: "ended with Ctrl-C",
    EXIT_UNREAD: "the reader of the output went away, as head does",
}


class _PipeBrokeError(Exception):
    """Carries a BrokenPipeError past click, which would end the program with 1 whichever pipe it was."""


@contextlib.contextmanager
def _past_click() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _PipeBrokeError from error


class _Lazy(Group):
    """Imports a command's module only when it is used: `kvet --help` need not load docutils."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _past_click():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _past_click():
            return super().invoke(ctx)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(
            f"kpatch_tools.cli.{cmd_name.replace('-', '_')}"
        ).command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{width}}", text) for name, text in commands.items()])

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(formatter, "Try first", self.examples)
        with formatter.section("Exit codes of every command"):
            formatter.write_dl([(str(code), meaning) for code, meaning in self.exits.items()])
        with formatter.section("Read on"):
            formatter.write_text(
                "kvet COMMAND --help has examples; kvet man makes manual pages; docs/ is a site."
            )


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    examples=EXAMPLES,
    exits=_COMMON_EXITS,
)
@click.version_option(__version__, prog_name="kvet", help="show the version")
def cli() -> None:
    """Take a posted kernel patch series to a verdict with evidence.

    Does it apply, whole? Does it build? Is its documentation well formed, and is it true? Does the kernel do
    what it says? Your branch, index and work tree stay as they are unless an option says otherwise, and no
    mail is ever sent.
    """


def run(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code; every error becomes one clear message on stderr.

    Where the reader of stdout or stderr has gone, there is nobody to tell: 141, as of git and grep.
    """
    try:
        return _run(argv)
    except BrokenPipeError as error:
        return EXIT_UNREAD if _unread() else _bug(error)


def _run(argv: list[str] | None) -> int:  # noqa: PLR0911 - one return an exit code
    if COMPLETE in os.environ:
        from kpatch_tools.cli.shell import teach  # noqa: PLC0415 - a shell asks, nothing is run

        teach()
    try:
        result = cli.main(args=argv, prog_name="kvet", standalone_mode=False)
    except click.exceptions.Abort as error:
        # What click makes of a Ctrl-C.
        return _interrupted(error.__cause__)
    except KeyboardInterrupt as error:
        return _interrupted(error)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        misuse.tell(error)
        return error.exit_code
    except _PipeBrokeError as error:
        raise BrokenPipeError from error.__cause__
    except ToolkitError as error:
        _tell(error)
        return error.exit_code
    except BrokenPipeError:
        raise
    except OSError as error:
        told = _of_the_system(error)
        if told is None:
            return _bug(error)
        _tell(told)
        return told.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: a bug becomes one line and a log file
        return _bug(error)
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the console script."""
    # Modules and parsed documents stay until the end; to look through them again and again for garbage took
    # a tenth of the time of a short command.
    gc.set_threshold(_GARBAGE)
    code = run()
    if code == EXIT_UNREAD:
        # What is still to be flushed would only make the interpreter complain.
        for stream in filter(None, (sys.stdout, sys.stderr)):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    # Nor does the interpreter, on its way out, have to look for what the system takes back at once.
    gc.freeze()
    raise SystemExit(code)


def _unread() -> bool:
    """Whether nobody reads stdout or stderr any more: poll(2) tells the writer so with POLLERR."""
    ends = select.poll()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with contextlib.suppress(OSError, ValueError):
            ends.register(stream.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _end, event in ends.poll(0))


def _interrupted(error: BaseException | None) -> int:
    click.echo("kvet: interrupted", err=True)
    _notes(error)
    return EXIT_INTERRUPTED


def _notes(error: BaseException | None) -> None:
    """What was added to an exception on its way: where it left something."""
    for note in getattr(error, "__notes__", ()):
        click.echo(f"  {terminal(note)}", err=True)


def _of_the_system(error: OSError) -> ToolkitError | None:
    """What the system refuses and no fault of kvet's is, None for anything else.

    A name that is too long may be given to every option that takes a file, a disk may be full anywhere.
    """
    name = os.fsdecode(error.filename)[:_LONGEST_NAME] if isinstance(error.filename, str | bytes) else ""
    said = ": ".join(filter(None, (name, error.strerror)))
    if error.errno == errno.ENAMETOOLONG:
        return UserError(said, cure="give a shorter name")
    if error.errno in FULL:
        cure = "make room on that disk" if name else "make room, or name another disk: TMPDIR=FOLDER"
        return EnvironmentFault(said, cure=cure)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EnvironmentFault(said, cure="name a place that you may read and write")
    return None


def _tell(error: ToolkitError) -> None:
    first, *more = error.message.splitlines() or [""]
    click.echo(f"kvet: {terminal(first)}", err=True)
    for line in more:
        click.echo(f"  {terminal(line)}", err=True)
    if isinstance(error, ToolFailed):
        for line in error.tail.splitlines():
            click.echo(f"  | {terminal(line)}", err=True)
        if error.log:
            click.echo(f"  full log: {terminal(error.log)}", err=True)
    _notes(error)
    if error.cure:
        click.echo(f"  cure: {terminal(error.cure)}", err=True)


def _bug(error: Exception) -> int:
    import platform  # noqa: PLC0415 - all three are for a day that should not come
    import tempfile  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    text = "".join(
        [
            f"kvet {__version__}, Python {platform.python_version()}, {platform.platform()}\n",
            f"command: {' '.join(sys.argv)}\n\n",
            *traceback.format_exception(error),
        ]
    )
    with tempfile.NamedTemporaryFile("w", prefix="kvet-fault-", suffix=".log", delete=False) as log:
        log.write(text)
    click.echo(f"kvet: a fault in kvet: {type(error).__name__}: {terminal(str(error))[:200]}", err=True)
    click.echo(f"  log to attach to a bug report: {log.name}", err=True)
    _notes(error)
    return EXIT_BUG
