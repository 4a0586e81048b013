# SPDX-License-Identifier: GPL-2.0-only
"""`kvet demo`: what a review is, in seconds and without a kernel."""

from pathlib import Path

import click

from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import progress, rendered
from kpatch_tools.flow.demo import CONTRACT, Demo, run_demo
from kpatch_tools.render.escape import terminal


@click.command(
    "demo",
    cls=Command,
    examples=(
        ("kvet demo", "in the new folder kvet-demo"),
        ("kvet demo --folder /tmp/try", "somewhere else"),
    ),
    exits={0: "the review was made; kvet review itself would exit with 1 here"},
)
@click.option(
    "--folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("kvet-demo"),
    show_default=True,
    help="where the tree, the series and the report go",
)
def command(folder: Path) -> None:
    """Take a small series with faults to a verdict, and show how to go on by hand.

    Needs git, and neither a kernel tree nor root nor a network. The tree and the three patches are yours to
    look at and to change: the cover letter lists the faults, and the next kvet demo in the same folder takes
    your patches as they are then. Nothing outside of the folder and kvet's cache is written.
    """
    with progress(quiet=True) as sink:
        demo = run_demo(folder, sink=sink)
    click.echo(rendered(demo.reviewed.report, "text"), nl=False)
    click.echo()
    for line in _after(demo):
        click.echo(terminal(line))


def _after(demo: Demo) -> list[str]:
    series, tree = demo.series, demo.tree
    made = sorted(path for path in demo.reviewed.folder.iterdir() if path.is_file())
    return [
        "What was used again:" if demo.used_again else "What was laid out:",
        f"  {tree}  a tree of a few small files",
        f"  {series}  three patches; the cover letter lists their faults",
        "What the review left:",
        *(f"  {path}" for path in made),
        *(f"  {note}" for note in demo.reviewed.replies.notes),
        "The same by hand, and more:",
        f"  kvet series show {series}",
        f"  kvet apply {series} --tree {tree}",
        f"  kvet series check {series} --tree {tree}",
        f"  kvet docs check --series {series} --tree {tree}",
        f"  kvet contract check {CONTRACT} --series {series} --tree {tree}",
        "  kvet docs explain section-number",
        f"  kvet contract show {CONTRACT}",
        f"  kvet review {series} --tree {tree} --no-kernel",
    ]
