# SPDX-License-Identifier: GPL-2.0-only
"""`kvet demo`: what a review is, in seconds and without a kernel."""

from pathlib import Path

import click

from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import progress, room
from kpatch_tools.flow.demo import CONTRACT, Demo, run_demo
from kpatch_tools.render.columns import wrap
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.text import opening


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
    click.echo(opening(demo.reviewed.report, room()))
    for line in _after(demo, room()):
        click.echo(terminal(line))


def _after(demo: Demo, columns: int) -> list[str]:
    series, tree, folder = demo.series, demo.tree, demo.reviewed.folder
    made = sorted(path.name for path in folder.iterdir() if path.is_file())
    used = "used again" if demo.used_again else "laid out"
    words = [
        f"{used}: {tree}, a tree of a few small files",
        f"{used}: {series}, three patches; the cover letter lists their faults",
        f"the review left in {folder}: {' '.join(made)}",
        *demo.reviewed.replies.notes,
        "With a kernel, which the tests then run on: kvet review SERIES --tree debian:6.1",
    ]
    # A command has to be copied whole: the terminal breaks it for the eye alone.
    commands = [
        f"kvet render text --from {folder / 'report.json'}",
        f"kvet series check {series} --tree {tree}",
        f"kvet docs check --series {series} --tree {tree}",
        f"kvet contract check {CONTRACT} --series {series} --tree {tree}",
        "kvet docs explain section-number",
        f"kvet contract show {CONTRACT}",
        f"kvet review {series} --tree {tree} --no-kernel",
    ]
    return [
        *(line for text in words for line in wrap(text, columns, rest="  ")),
        "The rest of this report, the same by hand, and more:",
        *(f"  {command}" for command in commands),
    ]
