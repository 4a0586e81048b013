# SPDX-License-Identifier: GPL-2.0-only
"""The test programs that a series brings: each must compile at the patch that touches it."""

from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.flow.own_programs import FOLDER, compile_each, failure, other_selftests, programs_of
from kpatch_tools.model.event import Sink
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.perpatch import ProgramState
from kpatch_tools.model.series import Patch
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What the compiler made of a patch's test programs; ``log`` is the output of make, "" for none."""

    state: ProgramState = ProgramState.NONE
    findings: tuple[Finding, ...] = ()
    log: str = ""


def compile_programs(patch: Patch, commit: str, tree: Path, *, sink: Sink, logs: Path) -> Compiled:
    """Compile the KVM selftests that ``patch`` adds or changes, as they are in ``commit``.

    NONE when it touches no program; NOT_RUN when the C files that it touches are of other selftests, for
    which kvet knows no way. Raises UserError for a program that would have no name, EnvironmentFault when a
    program is missing here, ToolFailed when the tree's own headers cannot be made.
    """
    sources = programs_of(patch.files, Repository.open(store_for(tree)), commit)
    if not sources:
        foreign = other_selftests(patch.files) and not any(
            change.path.startswith(FOLDER) for change in patch.files
        )
        return Compiled(state=ProgramState.NOT_RUN if foreign else ProgramState.NONE)
    results = compile_each(sources, commit, tree, sink=sink, logs=logs)
    failed = {source: built for source, built in results.items() if not built.binaries}
    return Compiled(
        state=ProgramState.FAIL if failed else ProgramState.COMPILE,
        findings=tuple(failure(source, built, patch.number) for source, built in failed.items()),
        log=next((str(built.log) for built in failed.values()), ""),
    )
