# SPDX-License-Identifier: GPL-2.0-only
"""`kvet docs build`: see what a change makes of the page."""

from pathlib import Path

import click

from kpatch_tools.cli import options
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import exit_code, progress, rendered
from kpatch_tools.errors import UserError
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.preview import Conf
from kpatch_tools.render.escape import terminal


@click.command(
    "build",
    cls=Command,
    short_help="render the changed sections with Sphinx",
    examples=(
        ("kvet docs build --tree ~/linux --open", "see your change in the browser"),
        (
            "kvet docs build --tree debian:6.1 --series kvm-map-memory/v2",
            "see what a series makes of the page",
        ),
    ),
    exits={
        0: "clean",
        1: "Sphinx warns of the new text",
        2: "wrong usage, or no such file",
        3: "there is no Sphinx, or the series does not apply",
    },
)
@options.docs_paths
@options.docs_tree
@click.option("--all", "everything", is_flag=True, help="the whole document, compared with nothing")
@click.option("--diff", "ref", metavar="REF", help="what the work tree adds to REF  [HEAD]")
@click.option("--staged", is_flag=True, help="what is staged against HEAD")
@options.docs_series
@click.option(
    "--section", "sections", multiple=True, metavar="NAME",
    help="this section, changed or not: KVM_RUN, 4.10 or a title; may be repeated",
)  # fmt: skip
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="where the pages go: a new folder, or one of an earlier preview  [.kvet/preview/TIME-NAME]",
)
@click.option("--open", "show", is_flag=True, help="open the page in a browser")
@click.option(
    "--conf",
    type=click.Choice([conf.value for conf in Conf]),
    default=Conf.AUTO.value,
    show_default=True,
    help="Sphinx's configuration: the tree's own, which is run, or a plain one",
)
@options.no_sandbox
@options.output_format("text", "json")
@options.fail_on
def build(  # noqa: PLR0913 - one parameter an option
    paths: tuple[str, ...],
    *,
    tree: str | None,
    everything: bool,
    ref: str | None,
    staged: bool,
    series: str | None,
    sections: tuple[str, ...],
    out: Path | None,
    show: bool,
    conf: str,
    fmt: str,
    fail_on: str,
) -> int:
    """Render the sections that a change touches, with Sphinx, and show them before and after.

    Two self-contained pages a document: the changed sections as Sphinx renders them, and the difference in
    the words that a reader sees. PATH and what is compared are those of `kvet docs check`. A series is
    applied to git objects only; of its tree, the configuration at its base is run and never the series' own.
    """
    if sum([everything, ref is not None, staged, series is not None]) > 1:
        raise UserError("--all, --diff, --staged and --series exclude each other", cure="give one of them")
    # Sphinx's page needs Jinja2 and docutils, which `kvet docs check` should not wait for.
    from kpatch_tools.flow.docs_files import Against  # noqa: PLC0415
    from kpatch_tools.flow.docs_preview import Wanted, build_preview  # noqa: PLC0415
    from kpatch_tools.flow.tree import resolve_tree  # noqa: PLC0415

    limit = Severity(fail_on)
    against = Against.NOTHING if everything else Against.REF if ref else Against.DEFAULT
    with progress() as sink:
        folder = options.tree_folder(tree, sink) if series is None else resolve_tree(tree, sink)
        wanted = Wanted(
            paths=paths,
            tree=folder,
            against=Against.INDEX if staged else against,
            ref=ref or "HEAD",
            series=series,
            sections=sections,
            conf=Conf(conf),
        )
        preview = build_preview(wanted, out=out, fail_on=limit, sink=sink)
    for result in preview.report.checks:
        if result.reason:
            click.echo(f"kvet: {terminal(result.reason)}", err=True)
    click.echo(rendered(preview.report, fmt), nl=False)
    for page in preview.pages:
        click.echo(f"kvet: wrote {terminal(str(page))}", err=True)
    if show and preview.pages and click.launch(preview.pages[0].resolve().as_uri()):
        click.echo("kvet: no browser could be started here; open the page yourself", err=True)
    return exit_code(preview.report, limit)
