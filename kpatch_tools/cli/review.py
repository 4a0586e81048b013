# SPDX-License-Identifier: GPL-2.0-only
"""`kvet review`: a series in, a verdict out."""

from pathlib import Path

import click

from kpatch_tools.cli import options as shared
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import exit_code, progress, rendered
from kpatch_tools.cli.replies import tell_replies
from kpatch_tools.errors import UserError
from kpatch_tools.flow.base import AUTO
from kpatch_tools.flow.reply import REPLY
from kpatch_tools.flow.review import review
from kpatch_tools.flow.review_run import Options
from kpatch_tools.flow.test import parse_mode
from kpatch_tools.model.finding import Severity
from kpatch_tools.render.escape import terminal


@click.command(
    "review",
    cls=Command,
    examples=(
        ("kvet review kvm-map-memory/v2 --tree debian:6.1", "our series, on Debian's kernel"),
        ("kvet review cover.1712785629.git.isaku.yamahata@intel.com --tree ~/linux", "by Message-ID"),
        ("kvet review thread.mbox --tree ~/linux --onto auto", "on the commit that it was made for"),
        ("kvet review HEAD~3.. --tree ~/linux --no-kernel", "your own commits, without building a kernel"),
    ),
    exits={0: "all is clean", 1: "findings", 3: "a check could not run, and nothing else was found"},
)
@shared.series_argument
@shared.tree
@shared.onto("the commit to apply to; auto looks for the one that the series was made for")
@click.option("--no-kernel", is_flag=True, help="leave out what needs a built kernel; the report says so")
@click.option(
    "--per-patch",
    is_flag=True,
    help="build, boot and test the base and every patch too",
)
@click.option(
    "--patch",
    "patches",
    multiple=True,
    metavar="N",
    type=click.IntRange(1),
    help="only this step of --per-patch, held against the one before it; may be repeated (see kvet plan)",
)
@click.option(
    "--mode",
    "modes",
    multiple=True,
    metavar="NAME=VALUE,...",
    help="with --per-patch or --patch: boot each kernel with these KVM parameters; may be repeated  "
    "[defaults]",
)
@shared.backend
@shared.host_root
@shared.no_sandbox
@shared.state("where the run's folder goes: report.json, report.html, reply.mbox, logs/")
@click.option(
    "--since",
    metavar="REPORT",
    help="the report on an earlier version: what was told there is told again only while it is there; none "
    "for no comparison  [what the runs below --state hold]",
)
@shared.jobs
@shared.output_format()
@shared.fail_on
def command(  # noqa: PLR0913 - one parameter an option
    series: str,
    *,
    tree: str | None,
    onto: str,
    no_kernel: bool,
    per_patch: bool,
    patches: tuple[int, ...],
    modes: tuple[str, ...],
    backend: str,
    host_root: bool,
    state: Path,
    since: str | None,
    jobs: int | None,
    fmt: str,
    fail_on: str,
) -> int:
    """Take SERIES to a verdict: apply, documentation, contract, build, tests, conformance.

    With --per-patch a table shows every patch: whether it builds and boots, the compiler warnings and
    documentation findings that it brings, and what the test of the series does on its kernel. A patch that
    breaks bisection is named, and a test that passes without the series as well.

    What was told for an earlier version is marked as such while it is there, and listed as answered when it
    is gone from a check that ran again.

    The findings are also left as replies to the patches, in reply.mbox: for you to read, to change and to
    send. kvet sends no mail.

    Nothing in the tree is changed.
    """
    limit = Severity(fail_on)
    if modes and not (per_patch or patches):
        raise UserError("--mode is for the kernels of --per-patch", cure="give --per-patch too")
    options = Options(
        onto=onto,
        kernel=not no_kernel,
        fail_on=limit,
        jobs=jobs,
        backend=shared.back_end(backend, host_root=host_root),
        per_patch=per_patch or bool(patches),
        patch_modes=tuple(parse_mode(mode) for mode in modes) or ({},),
        patches=patches,
        since=since,
    )
    with progress() as sink:
        done = review(series, tree=tree, state=state, options=options, sink=sink)
    click.echo(rendered(done.report, fmt), nl=False)
    click.echo(terminal(f"kvet: report: {done.folder / 'report.html'} and report.json beside it"), err=True)
    tell_replies(done.replies, done.folder / REPLY)
    if onto != AUTO and any(finding.rule == "apply/conflict" for finding in done.report.findings):
        click.echo(shared.AUTO_FINDS, err=True)
    return exit_code(done.report, limit)
