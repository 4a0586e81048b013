# SPDX-License-Identifier: GPL-2.0-only
"""`kvet matrix`: tests x modes x kernels, many machines at once, resumed where a run was ended."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from kpatch_tools.checks.vm_findings import host_root
from kpatch_tools.errors import UserError
from kpatch_tools.flow.crew import Crew, Limits, Progress, Task
from kpatch_tools.flow.matrix_cell import Booter, cell_folder, load, run_cell
from kpatch_tools.flow.matrix_plan import MatrixPlan, load_plan
from kpatch_tools.flow.matrix_report import Outcome, conclude
from kpatch_tools.flow.matrix_stock import Stock, stock_up
from kpatch_tools.model.cell import Attempt, Cell, CellResult
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Backend
from kpatch_tools.tools import elapsed, guest, probe
from kpatch_tools.tools.boot import boot
from kpatch_tools.tools.files import locked_at_once, write_atomic
from kpatch_tools.tools.machine import Boot, Machine
from kpatch_tools.tools.probe import Acceleration

SCHEMA = 1
KIND = "matrix"
BEGUN = "matrix.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How a matrix is run. ``jobs`` are compiler jobs; ``tree`` is for kernels that name none.

    ``retries`` is how often a cell that does not do what is expected is booted again.
    """

    backend: Backend = Backend.DIRECT
    retries: int = 1
    jobs: int | None = None
    tree: str | None = None
    limits: Limits = field(default_factory=Limits)


class Begun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run was begun with; another run in its folder has to be the same. Values are digests."""

    schema: int
    file: str
    digest: str
    backend: str
    retries: int
    tree: str | None
    kernels: dict[str, str] = {}
    programs: dict[str, str] = {}


def begun_in(folder: Path) -> Begun:
    """What the run in a folder was begun with; UserError when none was begun there."""
    try:
        found = msgspec.json.decode((folder / BEGUN).read_bytes(), type=Begun)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(
            f"{folder}: no run of a matrix was begun there",
            cure="name the folder that kvet matrix printed, as in .kvet/runs/...-matrix-...",
        ) from error
    if found.schema != SCHEMA:
        raise UserError(f"{folder}: begun by another version of kvet", cure="begin anew without --resume")
    return found


def resumed_plan(folder: Path, begun: Begun) -> MatrixPlan:
    """The plan of a run that was begun; UserError when its file is gone or says something else by now."""
    if not Path(begun.file).is_file():
        raise UserError(f"{begun.file}: the matrix of {folder} is gone", cure="begin anew without --resume")
    plan = load_plan(begun.file, tree=begun.tree)
    if plan.digest != begun.digest:
        raise UserError(
            f"{plan.shown}: the matrix has changed since the run in {folder} began",
            cure="begin anew without --resume: results of two plans do not belong in one table",
        )
    return plan


def run_matrix(  # noqa: PLR0913 - what, how, where to
    plan: MatrixPlan, choices: Choices, *, folder: Path, tool: str, sink: Sink, boot: Booter | None = None
) -> Outcome:
    """Run every cell of ``plan`` that has no result below ``folder`` yet, and report on all of them.

    A folder that a run was begun in is resumed: raises UserError when a kernel or a program is another one
    by now, or when that run still goes on. Raises EnvironmentFault when nothing here can run a guest. A cell
    that could not be run (INFRA) has no result: resuming tries it again.
    """
    started = time.monotonic()
    refusal = UserError(f"{folder}: another kvet is running this matrix", cure="wait for its end")
    with locked_at_once(folder / ".lock", refusal):
        acceleration = probe.need_acceleration()
        stock = stock_up(plan, logs=folder / "logs", jobs=choices.jobs, sink=sink)
        _begin(plan, choices, stock, folder)
        run = _Run(
            plan=plan,
            choices=choices,
            stock=stock,
            folder=folder,
            acceleration=acceleration,
            sink=sink,
            boot=boot or _booter(choices.backend),
        )
        most = run.all_cells()
        facts = (
            ("matrix", f"{plan.shown}: {plan.title}"),
            ("cells", f"{len(plan.cells)}{f', {plan.excluded} excluded' if plan.excluded else ''}"),
            ("machines at once", str(most)),
            ("back end", choices.backend.value),
            ("acceleration", str(acceleration)),
            *((("kept from before", str(run.kept)),) if run.kept else ()),
        )
        return conclude(
            plan.cells,
            run.results,
            tool=tool,
            before=stock.checks,
            facts=facts,
            findings=(host_root(),) if choices.backend is Backend.HOST_ROOT else (),
            elapsed=time.monotonic() - started,
        )


def _booter(backend: Backend) -> Booter:
    def start(machine: Machine, programs: Sequence[guest.Program], logs: Path, sink: Sink) -> Boot:
        return boot(machine, programs, logs=logs, sink=sink, backend=backend)

    return start


def _begin(plan: MatrixPlan, choices: Choices, stock: Stock, folder: Path) -> None:
    """Write down what is run, or refuse to go on with something else."""
    now = Begun(
        schema=SCHEMA,
        file=str(plan.path),
        digest=plan.digest,
        backend=choices.backend.value,
        retries=choices.retries,
        tree=choices.tree,
        kernels={label: ready.identity for label, ready in stock.kernels.items()},
        programs={f"{test} for {kernel}": one.identity for (test, kernel), one in stock.programs.items()},
    )
    if (folder / BEGUN).exists():
        before = begun_in(folder)
        changed = [
            f'{what} "{name}"'
            for what, old, new in (
                ("kernel", before.kernels, now.kernels),
                ("test program", before.programs, now.programs),
            )
            # What could not be had the first time may be there by now: no cell has a result of it.
            for name, identity in new.items()
            if old.get(name) and identity and old[name] != identity
        ]
        if changed:
            raise UserError(
                f"{folder}: {', '.join(changed)} changed since the run began",
                cure="begin anew without --resume: results of two kernels do not belong in one table",
            )
    write_atomic(folder / BEGUN, msgspec.json.format(msgspec.json.encode(now), indent=2))


@dataclass(slots=True, kw_only=True)
class _Run:
    plan: MatrixPlan
    choices: Choices
    stock: Stock
    folder: Path
    acceleration: Acceleration
    sink: Sink
    boot: Booter
    results: dict[str, CellResult] = field(default_factory=dict)
    kept: int = 0

    def all_cells(self) -> int:
        """Run what is missing; returns how many machines ran at once at most."""
        places = {
            cell.key: cell_folder(self.folder / "cells", number, cell)
            for number, cell in enumerate(self.plan.cells, 1)
        }
        todo = [cell for cell in self.plan.cells if not self._known(cell, places[cell.key])]
        times = elapsed.load(KIND)
        took: dict[str, float] = {}
        tasks = [
            Task(
                name=cell.key,
                cpus=cell.point.cpus,
                memory=cell.point.memory_bytes,
                expected_s=times.get(self._timed(cell), 0.0),
            )
            for cell in todo
        ]

        def work(index: int) -> CellResult:
            cell = todo[index]
            return run_cell(
                cell,
                self.stock.kernels[cell.kernel.label],
                self.stock.programs[cell.test.label, cell.kernel.label],
                folder=places[cell.key],
                acceleration=self.acceleration,
                boot=self.boot,
                retries=self.choices.retries,
            )

        def ended(index: int, outcome: CellResult | Exception) -> None:
            cell = todo[index]
            if isinstance(outcome, Exception):
                outcome = _could_not(cell, str(outcome))
            self.results[cell.key] = outcome
            if outcome.decided:
                took[self._timed(cell)] = outcome.elapsed

        crew = Crew(limits=self.choices.limits, work=work, ended=ended, tell=self._tell)
        try:
            crew.run(tasks)
        finally:
            elapsed.remember(KIND, took)
        return crew.most

    def _known(self, cell: Cell, place: Path) -> bool:
        """The cell has a result already, or can have none."""
        missing = self.stock.missing(cell.test.label, cell.kernel.label)
        if missing:
            self.results[cell.key] = _could_not(cell, missing)
            return True
        found = load(place, cell)
        if found is None or not found.decided:
            return False
        self.results[cell.key] = found
        self.kept += 1
        return True

    def _timed(self, cell: Cell) -> str:
        return f"{self.choices.backend.value} {cell.key}"

    def _tell(self, progress: Progress) -> None:
        words = [left(progress.left_s)] if progress.left_s is not None else []
        if progress.waiting_for_memory:
            words.append("waiting for memory")
        words.append(", ".join(progress.running))
        self.sink(Event("matrix", "; ".join(word for word in words if word), progress.done, progress.total))


def _could_not(cell: Cell, reason: str) -> CellResult:
    attempt = Attempt(verdict=Verdict.INFRA, reason=reason)
    return CellResult(key=cell.key, expect=cell.expect, attempts=(attempt,))


def left(seconds: float) -> str:
    """An estimate in words: "about 40 s left", "about 12 min left"."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s left"
    minutes = round(seconds / 60)
    return f"about {minutes} min left" if minutes < 90 else f"about {minutes / 60:.1f} h left"
