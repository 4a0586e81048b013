# SPDX-License-Identifier: GPL-2.0-only
"""`kvet matrix`: tests x modes x kernels, as many machines at once as this one can run."""

from pathlib import Path

import click

from kpatch_tools import __version__
from kpatch_tools.cli import complete, options
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import progress, rendered, room
from kpatch_tools.errors import UserError
from kpatch_tools.flow.crew import Limits
from kpatch_tools.flow.matrix import KIND, Choices, begun_in, resumed_plan, run_matrix
from kpatch_tools.flow.matrix_plan import MatrixPlan, load_plan, matrix_names
from kpatch_tools.flow.matrix_report import Outcome
from kpatch_tools.flow.prepare import run_folder
from kpatch_tools.model.vm import Backend
from kpatch_tools.render.cells import render, render_plan
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools import elapsed
from kpatch_tools.tools.files import write_atomic

EXIT_NOTHING_PROVEN = 3
# Not a docstring: \b, which keeps the lines of the example, has to be that character.
_HELP = """\
Run tests in several modes on several kernels, and print one table.

MATRIX is the name of a shipped matrix, or a TOML file:

\b
  schema = 1
  title = "what this is to show"
  [[test]]
  selftest = "x86_64/svm_vmcall_test"  # of the kernel's own tree, or
  # contract = "kvm_pre_fault_memory"  # a shipped one, or a file
  # name, arguments = ["-v"], timeout = 300
  [[mode]]                             # a machine, with the defaults
  [[mode]]
  npt = false                          # also ept, tdp_mmu, nested,
  cpus = [1, 2]                        # memory = "2G", huge_2m, huge_1g,
                                       # parameters."kvm.x" = "N"; a list
                                       # is one machine for each value
  [[kernel]]
  image = "debian:6.12"                # or a file; tests are built from
  tree = "debian:6.12"                 # the tree [--tree]
  [[kernel]]                           # no image: built from the tree
  tree = "debian:6.1"                  # with series, at onto = "HEAD"
  series = "kvm-map-memory/v2"
  config = ["debug"]                   # more fragments, as kvet build has
  [[exclude]]                          # also [[include]]: back again
  test = "x86_64/*"
  mode = "cpus=2"                      # modes with this word in them
  [[expect]]                           # PASS, where nothing is said
  mode = "npt=0"
  verdict = "SKIP"
  because = "there is nothing to walk"

Each cell is a boot with logs of its own. A cell that does not do what is expected is booted again; if it
then does, it is FLAKY, which is no success. A finished cell is kept at once: after a Ctrl-C or a kill,
--resume runs the others, and those that could not run.
"""


@click.command(
    "matrix",
    help=_HELP,
    cls=Command,
    examples=(
        ("kvet matrix nested-paging --dry-run", "what a shipped matrix would boot"),
        ("kvet matrix mine.toml --tree debian:6.12 --jobs-vm 2", "your own, two machines at once"),
    ),
    exits={
        0: "all cells did what is expected",
        1: "one did not",
        EXIT_NOTHING_PROVEN: "nothing was proven, or a cell could not run",
    },
)
@click.argument(
    "matrix",
    required=False,
    shell_complete=complete.matrices,
    help="the name of a shipped matrix, or the path of a TOML file; --resume needs none",
)
@options.tree
@click.option("--dry-run", is_flag=True, help="print the plan, and boot nothing")
@click.option(
    "--resume",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="go on with a run that was ended: only the cells without a result are run",
)
@click.option(
    "--jobs-vm", metavar="N", type=click.IntRange(1), help="machines at once  [what memory and cores allow]"
)
@click.option(
    "--retries",
    metavar="N",
    type=click.IntRange(0, 9),
    help="boots after one that did not do what is expected  [1]",
)
@click.option(
    "--backend",
    type=click.Choice(options.BACKENDS),
    help="direct: an initramfs and the static program; vng: virtme-ng's machine and its init  [direct]",
)
@options.host_root
@options.jobs
@options.no_sandbox
@options.state("where runs/<time>-matrix-<name>/ goes")
@options.output_format()
def command(  # noqa: PLR0913 - one parameter an option
    matrix: str | None,
    *,
    tree: str | None,
    dry_run: bool,
    resume: Path | None,
    jobs_vm: int | None,
    retries: int | None,
    backend: str | None,
    host_root: bool,
    jobs: int | None,
    state: Path,
    fmt: str,
) -> int:
    """See _HELP."""
    if resume is None and matrix is None:
        names = " or ".join(matrix_names())
        raise UserError("no matrix is named", cure=f"name {names}, a TOML file, or --resume FOLDER")
    if tree is not None and Path(tree).is_dir():
        # It is kept with the run, which may be resumed from another folder.
        tree = str(Path(tree).resolve())
    limits = Limits(jobs=jobs_vm)
    if host_root:
        backend = options.back_end(
            backend or (Backend.VNG if resume else Backend.DIRECT), host_root=True
        ).value
    if resume is not None:
        plan, choices = _begun(
            resume, matrix, tree=tree, retries=retries, backend=backend, limits=limits, jobs=jobs
        )
    else:
        plan = load_plan(matrix or "", tree=tree)
        choices = Choices(
            backend=Backend(backend or Backend.DIRECT),
            retries=1 if retries is None else retries,
            jobs=jobs,
            tree=tree,
            limits=limits,
        )
    if dry_run:
        click.echo(_plan(plan, choices.backend), nl=False)
        return 0
    folder = resume or run_folder(state, f"matrix-{plan.name}")
    click.echo(terminal(f"kvet: {len(plan.cells)} cells, kept in {folder}"), err=True)
    try:
        with progress() as sink:
            outcome = run_matrix(plan, choices, folder=folder, tool=f"kvet {__version__}", sink=sink)
    except KeyboardInterrupt:
        click.echo(terminal(f"kvet: go on with: kvet matrix --resume {folder}"), err=True)
        raise
    report = outcome.report
    saved = write_atomic(folder / "report.json", rendered(report, "json"))
    click.echo(render(report, room()) if fmt == "text" else rendered(report, fmt), nl=False)
    click.echo(terminal(f"kvet: report: {saved}"), err=True)
    if outcome.undecided:
        click.echo(
            terminal(f"kvet: to try those that could not run: kvet matrix --resume {folder}"), err=True
        )
    return _code(outcome)


def _code(outcome: Outcome) -> int:
    if outcome.failed:
        return 1
    if not outcome.proven:
        return EXIT_NOTHING_PROVEN
    return 0 if outcome.all_as_expected else 1


def _plan(plan: MatrixPlan, backend: Backend) -> str:
    times = elapsed.load(KIND)
    known = [times.get(f"{backend.value} {cell.key}", 0.0) for cell in plan.cells]
    title = f"{plan.shown}: {plan.title}"
    return render_plan(plan.cells, title=title, excluded=plan.excluded, times=known)


def _begun(  # noqa: PLR0913 - the options that a run was begun with
    folder: Path,
    matrix: str | None,
    *,
    tree: str | None,
    retries: int | None,
    backend: str | None,
    limits: Limits,
    jobs: int | None,
) -> tuple[MatrixPlan, Choices]:
    begun = begun_in(folder)
    plan = resumed_plan(folder, begun)
    given = (
        ("--tree", tree, begun.tree),
        ("--retries", retries, begun.retries),
        ("--backend", backend, begun.backend),
    )
    for name, now, before in given:
        if now is not None and now != before:
            raise UserError(
                f"{name} {now}: the run in {folder} was begun with {before}", cure=f"leave {name} out"
            )
    if matrix is not None and load_plan(matrix, tree=begun.tree).path != plan.path:
        raise UserError(f"{matrix}: the run in {folder} is of {plan.path}", cure="leave the matrix out")
    choices = Choices(
        backend=Backend(begun.backend), retries=begun.retries, jobs=jobs, tree=begun.tree, limits=limits
    )
    return plan, choices
