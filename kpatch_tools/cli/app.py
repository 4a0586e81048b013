# SPDX-License-Identifier: GPL-2.0-only
"""The command group and the one error handler: error class in, exit code out."""

import gc
import importlib
import sys

import click

from kpatch_tools import __version__
from kpatch_tools.errors import ToolFailed, ToolkitError
from kpatch_tools.render.escape import terminal

EXIT_BUG = 4
EXIT_INTERRUPTED = 130
_GARBAGE = 50_000

COMMANDS = {
    "review": "take a series to a verdict: apply, documentation, build, tests",
    "series": "show what a series holds",
    "apply": "apply a series to a kernel tree without a checkout",
    "docs": "check Documentation/virt/kvm/api.rst",
    "contract": "check and show ioctl contracts",
    "gen": "generate C kselftests from a contract",
    "build": "build a kernel and selftests",
    "test": "run generated selftests in virtual machines",
    "matrix": "run tests in several modes on several kernels",
    "render": "turn a report.json into another format",
    "doctor": "what this machine can do, and how to mend what it cannot",
    "tree": "bring a base tree",
    "b4-setup": "wire kvet into b4's check commands",
}


class _Lazy(click.Group):
    """Imports a command's module only when it is used: `kvet --help` need not load docutils."""

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
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kvet")
def cli() -> None:
    """kvet: take a posted kernel patch series to a verdict with evidence.

    Exit codes: 0 clean; 1 findings; 2 wrong usage or a bad document; 3 a check could not run;
    4 a fault in kvet; 130 Ctrl-C.
    """


def run(argv: list[str] | None = None) -> int:  # noqa: PLR0911 - one return an exit code
    """Run one command line and return its exit code; every error becomes one clear message on stderr."""
    try:
        result = cli.main(args=argv, prog_name="kvet", standalone_mode=False)
    except click.exceptions.Abort:
        return EXIT_INTERRUPTED
    except KeyboardInterrupt:
        click.echo("kvet: interrupted", err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except ToolkitError as error:
        _tell(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: a bug becomes one line and a log file
        return _bug(error)
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the console script."""
    # Modules and parsed documents stay until the end; to look through them again and again for garbage took
    # a tenth of the time of a short command.
    gc.set_threshold(_GARBAGE)
    code = run()
    # Nor does the interpreter, on its way out, have to look for what the system takes back at once.
    gc.freeze()
    raise SystemExit(code)


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
    return EXIT_BUG
