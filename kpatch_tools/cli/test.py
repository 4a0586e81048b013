# SPDX-License-Identifier: GPL-2.0-only
"""`kvet test`: run a contract's selftest in virtual machines."""

import re
from pathlib import Path

import click

from kpatch_tools import __version__
from kpatch_tools.cli import options
from kpatch_tools.cli.command import Command
from kpatch_tools.cli.output import exit_code, progress, rendered
from kpatch_tools.errors import UserError
from kpatch_tools.flow.arch import chosen_arches, run_arches
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.ledger import check_ledger
from kpatch_tools.flow.modes import chosen_modes
from kpatch_tools.flow.prepare import now, prepare, run_folder
from kpatch_tools.flow.splats import load_allowed
from kpatch_tools.flow.test import Settings, run_on_commit
from kpatch_tools.model.arch import ARCHES, HOST_ARCH
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.files import write_atomic
from kpatch_tools.tools.kernels import select

EXIT_NOTHING_PROVEN = 3
_MEMORY = re.compile(r"^[1-9]\d{0,5}[MG]$")


@click.command(
    "test",
    cls=Command,
    examples=(
        (
            "kvet test kvm_pre_fault_memory --tree debian:6.12 --kernel debian:6.12",
            "on Debian's stock kernel: nothing is built but the test",
        ),
        (
            "kvet test kvm_map_memory --tree ~/linux --series v2.mbox --mode npt=0",
            "on the kernel that a series makes, with shadow paging",
        ),
    ),
    exits={
        0: "everything passed",
        1: "a test failed, or the kernel did not survive it",
        EXIT_NOTHING_PROVEN: "the machine cannot run it, or nothing was proven",
    },
)
@options.contract_argument
@options.tree
@options.series
@options.onto("the commit to test, or apply to")
@click.option(
    "--kernel",
    metavar="IMAGE",
    help="boot this vmlinuz, or Debian's stock kernel: debian:6.12  [built from the commit]",
)
@options.config
@click.option(
    "--mode",
    "modes",
    metavar="NAME|NAME=VALUE",
    multiple=True,
    help="one boot with these KVM parameters, as in npt=0 or npt=1,tdp_mmu=0, or a mode of the contract, "
    "or all of them: all; may be repeated  [defaults]",
)
@options.backend
@options.host_root
@click.option(
    "--allow-splats",
    metavar="FILE",
    help="complaints of the kernel that do not count, beside those of kvet's ci/splats.toml",
)
@click.option(
    "--arch",
    "arches",
    type=click.Choice([HOST_ARCH, *ARCHES]),
    multiple=True,
    default=(HOST_ARCH,),
    show_default=True,
    help="x86_64 runs the selftest; on the others the ioctl has to be absent, and Debian's kernel there is "
    "booted and asked; may be repeated",
)
@click.option(
    "--cpus",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="processors of the machine",
)
@click.option(
    "--memory",
    metavar="SIZE",
    default="",
    help="of the machine, as qemu takes it  [1G, or 5G for a case on a page of 1 GiB where the host has it]",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(1),
    default=300,
    show_default=True,
    help="for one boot's test",
)
@options.jobs
@options.no_sandbox
@options.state("where runs/<time>-test-<contract>/ and ledger/<contract>.json go")
@options.output_format()
def command(  # noqa: PLR0913 - one parameter an option
    contract: str,
    *,
    tree: str | None,
    series: str | None,
    onto: str,
    kernel: str | None,
    config: tuple[str, ...],
    modes: tuple[str, ...],
    backend: str,
    host_root: bool,
    allow_splats: str | None,
    arches: tuple[str, ...],
    cpus: int,
    memory: str,
    timeout: int,
    jobs: int | None,
    state: Path,
    fmt: str,
) -> int:
    """Generate the selftest of CONTRACT, build it against the tree, and run it in virtual machines.

    Every --mode is a boot of its own; that nested paging is really on (or off, where asked) is proven in the
    guest. --arch arm64 or riscv64 proves that the ioctl is absent there; it applies no series and needs no
    tree.
    """
    if memory and not _MEMORY.match(memory):
        raise UserError(f"--memory {memory} is no size", cure="for example --memory 2G or --memory 768M")
    if config and kernel:
        raise UserError(
            "--config is for a kernel that kvet builds, and --kernel names a finished one", cure="give one"
        )
    chosen = chosen_modes(modes, load_contract(contract))
    settings = Settings(
        cpus=cpus,
        memory=memory,
        limit=timeout,
        jobs=jobs,
        backend=options.back_end(backend, host_root=host_root),
        allowed=load_allowed(allow_splats),
        config=config,
    )
    if HOST_ARCH not in arches:
        _refuse(arches[0], tree=tree, series=series, config=config, mode=modes)
    others = chosen_arches(arches, load_contract(contract), kernel)
    started = now()
    if HOST_ARCH not in arches:
        with progress() as sink:
            folder = run_folder(state, f"test-{Path(contract).stem}")
            elsewhere = run_arches(
                load_contract(contract),
                others,
                kernel=kernel,
                settings=settings,
                logs=folder / "logs",
                sink=sink,
            )
        report = Report(tool=f"kvet {__version__}", checks=elsewhere, started=started)
        return _shown(report, folder, fmt)
    check_ledger(state, load_contract(contract))
    with progress() as sink:
        prepared = prepare(tree, series, onto=onto, sink=sink)
        finished = select(kernel, sink=sink) if kernel else None
        checks: list[CheckResult] = [prepared.apply] if prepared.apply else []
        folder = run_folder(state, f"test-{Path(contract).stem}")
        # Before anything else runs: packages that cannot be had are told at once.
        elsewhere = run_arches(
            load_contract(contract), others, kernel=kernel, settings=settings, logs=folder / "logs", sink=sink
        )
        if prepared.commit:
            checks += run_on_commit(
                contract,
                prepared,
                kernel=finished,
                modes=chosen,
                settings=settings,
                logs=folder / "logs",
                state=state,
                sink=sink,
            )
        else:
            checks.append(CheckResult(check="tests", reason="the series does not apply"))
    report = Report(
        tool=f"kvet {__version__}",
        tree=prepared.tree_id,
        series=prepared.series_id,
        checks=(*checks, *elsewhere),
        started=started,
    )
    return _shown(report, folder, fmt)


def _refuse(arch: str, **given: object) -> None:
    """Options that would say nothing: no series is applied and no kernel built for another architecture."""
    for name, value in given.items():
        if value:
            raise UserError(
                f"--{name} is for {HOST_ARCH}: --arch {arch} boots Debian's own kernel",
                cure=f"leave out --{name}, or add --arch {HOST_ARCH}",
            )


def _shown(report: Report, folder: Path, fmt: str) -> int:
    """Keep the report, print it, and say with the exit code what it came to."""
    saved = write_atomic(folder / "report.json", rendered(report, "json"))
    click.echo(rendered(report, fmt), nl=False)
    click.echo(terminal(f"kvet: report: {saved}"), err=True)
    code = exit_code(report, Severity.WARNING)
    proven = any(test.status.good for check in report.checks for test in check.tests)
    if code == 0 and not proven:
        click.echo(terminal("kvet: nothing was proven: every test was skipped"), err=True)
        return EXIT_NOTHING_PROVEN
    return code
