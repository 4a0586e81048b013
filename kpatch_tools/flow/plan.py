# SPDX-License-Identifier: GPL-2.0-only
"""`kvet plan`: the jobs that a review of a series is divided into.

The series as a whole is one job: its modes share one kernel, whose build is what takes the time, and only
together do they show what no mode decides. Each patch has a kernel of its own, so each is a job a mode.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kpatch_tools.checks.series import completeness
from kpatch_tools.errors import UserError
from kpatch_tools.flow.prepare import series_id
from kpatch_tools.flow.review_run import Options, contracts_of
from kpatch_tools.flow.stages import PATCH_STAGES, STAGES
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.plan import Job, Plan
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.render.escape import terminal
from kpatch_tools.tools.buildinputs import is_read

# GitHub makes no more of one matrix ("Actions limits", job matrix).
MOST_JOBS = 256
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_NAME_WIDTH = 90
Mode = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for: how to name series and tree, and what goes into every job.

    ``modes`` are those of the patches, () for the usual ones. ``per_patch`` False makes one job of all.
    """

    series: str
    tree: str | None = None
    onto: str = "HEAD"
    kernel: bool = True
    per_patch: bool = True
    modes: tuple[Mode, ...] = ()
    fail_on: Severity = Severity.WARNING
    most: int = MOST_JOBS


def make_plan(series: Series, request: Request, *, tool: str) -> Plan:
    """The jobs for ``series``, the one of the whole series first; no more than ``request.most``.

    Raises UserError for a series that is not whole, or that no other machine could read.
    """
    if request.series.partition("@")[0] == "-":
        raise UserError("no job has this standard input", cure="name a file or a Message-ID")
    words = (request.series, request.tree or "", request.onto)
    if not all(word.isprintable() for word in words):
        raise UserError("a name with such characters cannot be written into a plan", cure="rename the file")
    if fault := completeness(series):
        raise UserError(f"{request.series}: {fault[0].value}: {fault[1]}", cure="name a series that is whole")
    whole = Job(
        id="kvet-series",
        name=_name("the whole series", f"{series.name} v{series.version}"),
        arguments=_arguments(request),
        stages=STAGES,
    )
    if not (request.kernel and request.per_patch):
        return Plan(tool=tool, series=series_id(series), jobs=(whole,))
    wanted = request.modes or (Options().modes if contracts_of(series) else ({},))
    # One that is asked for twice is one job: two would have the same name.
    modes = tuple({_words(mode): mode for mode in wanted}.values())
    parts, notes = _parts(series, modes, request.most - 1)
    jobs = tuple(_patch_job(request, part, chosen) for part, chosen in parts)
    return Plan(tool=tool, series=series_id(series), jobs=(whole, *jobs), notes=notes)


def _parts(
    series: Series, modes: Sequence[Mode], room: int
) -> tuple[tuple[tuple[tuple[Patch, ...], tuple[Mode, ...]], ...], tuple[str, ...]]:
    """Patches and modes of each job, and what was put together so that there are no more than ``room``."""
    groups = list(_with_a_kernel(series.patches))
    if len(groups) * len(modes) <= room:
        return tuple((group, (mode,)) for group in groups for mode in modes), ()
    over = f"{len(groups) * len(modes)} jobs for patches are more than {room}"
    notes = [f"{over}: all modes of a patch are one job"] if len(modes) > 1 else []
    if len(groups) > room:
        if room < 1:
            raise UserError(f"{over}", cure="allow 2 jobs, or leave out the patches: --no-per-patch")
        each = -(-len(groups) // room)
        notes.append(f"{len(groups)} are still more: the patches of up to {each} kernels are one job")
        groups = [
            tuple(patch for group in groups[at : at + each] for patch in group)
            for at in range(0, len(groups), each)
        ]
    return tuple((group, tuple(modes)) for group in groups), tuple(notes)


def _with_a_kernel(patches: Sequence[Patch]) -> Iterator[tuple[Patch, ...]]:
    """Runs of patches that come to one kernel: those that change no file a build reads go with one before.

    What stands before the first patch with a kernel of its own goes with that one.
    """
    run: list[Patch] = []
    for patch in patches:
        if run and _has_kernel(patch) and any(_has_kernel(one) for one in run):
            yield tuple(run)
            run = []
        run.append(patch)
    yield tuple(run)


def _has_kernel(patch: Patch) -> bool:
    return any(is_read(path) for change in patch.files for path in change.paths)


def _patch_job(request: Request, patches: Sequence[Patch], modes: Sequence[Mode]) -> Job:
    numbers = tuple(patch.number for patch in patches)
    words = tuple(_words(mode) for mode in modes)
    span = f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
    plural = "es" if len(numbers) > 1 else ""
    last = next((patch for patch in reversed(patches) if _has_kernel(patch)), patches[-1])
    chosen = [word for number in numbers for word in ("--patch", str(number))]
    for word in words if words != ("default",) else ():
        chosen += ["--mode", word]
    padded = "-".join(f"{int(number):04d}" for number in span.split("-"))
    return Job(
        id=f"kvet-patch-{padded}-{_UNSAFE.sub('-', '-'.join(words)).strip('-')}",
        name=_name(f"patch{plural} {span}, {'; '.join(words)}", last.subject),
        arguments=_arguments(request, chosen),
        stages=PATCH_STAGES,
        patches=numbers,
        modes=words,
    )


def _arguments(request: Request, chosen: Sequence[str] = ()) -> tuple[str, ...]:
    words = ["review", *chosen]
    if request.tree is not None:
        words += ["--tree", request.tree]
    if request.onto != "HEAD":
        words += ["--onto", request.onto]
    if not request.kernel:
        words.append("--no-kernel")
    if request.fail_on is not Severity.WARNING:
        words += ["--fail-on", request.fail_on.value]
    if request.series.startswith("-"):
        words.append("--")
    return (*words, request.series)


def _words(mode: Mode) -> str:
    return ",".join(f"{name}={value}" for name, value in mode.items()) or "default"


def _name(what: str, subject: str) -> str:
    name = terminal(f"{what}: {' '.join(subject.split())}")
    return name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 3]}..."
