# SPDX-License-Identifier: GPL-2.0-only
"""`kvet render`: turn a saved report into another format."""

import sys
from pathlib import Path

import click

from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import rendered
from kpatch_tools.errors import UserError
from kpatch_tools.model.report import Report
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import FORMATS
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.files import read_text, write_named

# This one takes the patches too.
_MAIL = "mail"
_FORMATS = (*FORMATS, _MAIL)


@click.command(
    "render",
    cls=Command,
    examples=(
        ("kvet render html --from report.json -o report.html", "a page of a saved report"),
        ("kvet review thread.mbox --format json | kvet render sarif --from -", "for code scanning"),
        ("kvet render mail --from report.json -o reply.mbox && mutt -f reply.mbox", "answer the series"),
    ),
    exits={0: "rendered, whatever the report's verdict is", 2: "wrong usage, or no report of kvet"},
)
@click.argument("fmt", metavar="FORMAT", type=click.Choice(_FORMATS), help=f"one of {', '.join(_FORMATS)}")
@click.option(
    "--from",
    "source",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    help="the report.json to read; - for standard input",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="write here, the whole file or nothing  [standard output]",
)
@click.option(
    "--origin",
    metavar="NAME",
    default="",
    help="with kcidb: your CI system's name in KernelCI  [KVET_ORIGIN, or kvet]",
)
@click.option(
    "--series",
    metavar="SERIES",
    help="with mail: the patches that are answered  [series.mbox beside the report]",
)
def command(fmt: str, source: Path, output: Path | None, origin: str, series: str | None) -> None:
    """Render a saved report in another format.

    A report is what `kvet review` and `kvet test` leave as report.json, and what every command prints that
    has --format json. text is for a terminal and an editor (as gcc's), html one page without requests to
    anywhere, markdown the summary of a GitHub job (>> "$GITHUB_STEP_SUMMARY"), sarif for GitHub's code
    scanning, github workflow commands for a step of an Actions job, junit the XML that CI servers read,
    kcidb the JSON that KernelCI's database takes.

    mail is an mbox of replies to the series, one to each patch with findings, from the user.name and
    user.email of git; open it with mutt -f. It is yours to read, to change and to send: kvet sends no mail.
    """
    if str(source) == "-":
        text, name = sys.stdin.buffer.read(), "standard input"
    else:
        text, name = read_text(source, "report").encode(), str(source)
    if origin and fmt != "kcidb":
        raise UserError(f"--origin is for kcidb, not for {fmt}", cure="leave it out")
    if series and fmt != _MAIL:
        raise UserError(f"--series is for mail, not for {fmt}", cure="leave it out")
    report = parse_report(text, name=name)
    if fmt == _MAIL:
        left = Path(report.folder) if report.folder else None
        _mails(report, left if str(source) == "-" else source.parent, series, output)
        return
    _write(rendered(report, fmt, origin=origin, to_file=output is not None), output, fmt)
    if output:
        click.echo(terminal(f"kvet: {output}"), err=True)


def _mails(report: Report, folder: Path | None, series: str | None, output: Path | None) -> None:
    # Applying the series again takes modules that the other formats do without.
    from kpatch_tools.cli.replies import tell_replies  # noqa: PLC0415 - see above
    from kpatch_tools.flow.reply import from_report  # noqa: PLC0415 - see above

    made = from_report(report, folder=folder, spec=series)
    if made.mails:
        _write(made.mbox, output, _MAIL)
    tell_replies(made, output)


def _write(shown: str | bytes, output: Path | None, fmt: str) -> None:
    if output is None:
        click.echo(shown, nl=False)
        return
    if output.is_dir():
        raise UserError(
            f"{output}: is a folder", cure=f"name the file: -o {output / 'report'}.{_ending(fmt)}"
        )
    write_named(output, shown)


def _ending(fmt: str) -> str:
    endings = {
        "text": "txt",
        "github": "txt",
        "markdown": "md",
        "junit": "xml",
        "kcidb": "json",
        _MAIL: "mbox",
    }
    return endings.get(fmt, fmt)
