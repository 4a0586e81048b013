# SPDX-License-Identifier: GPL-2.0-only
"""The test programs that a series brings: each must compile at the patch that touches it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools.checks.per_patch import PROGRAM
from kpatch_tools.flow.selftest import SelftestResult, build_tree_test
from kpatch_tools.model.event import Sink
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.perpatch import ProgramState
from kpatch_tools.model.series import Patch
from kpatch_tools.parse.gcc import parse_build
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for

SELFTESTS = "tools/testing/selftests/"
FOLDER = f"{SELFTESTS}kvm/"
_MAIN = re.compile(rb"^\s*(?:static\s+)?int\s+main\s*\(|^TEST_HARNESS_MAIN", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What the compiler made of a patch's test programs; ``log`` is the output of make, "" for none."""

    state: ProgramState = ProgramState.NONE
    findings: tuple[Finding, ...] = ()
    log: str = ""


def compile_programs(patch: Patch, commit: str, tree: Path, *, sink: Sink, logs: Path) -> Compiled:
    """Compile the KVM selftests that ``patch`` adds or changes, as they are in ``commit``.

    NONE when it touches no program; NOT_RUN when the C files that it touches are of other selftests, for
    which kvet knows no way. Raises EnvironmentFault when a program is missing here, ToolFailed when the
    tree's own headers cannot be made.
    """
    sources = tuple(_sources(patch, Repository.open(store_for(tree)), commit))
    if not sources:
        others = any(
            change.path.startswith(SELFTESTS) and change.path.endswith(".c") for change in patch.files
        )
        foreign = others and not any(change.path.startswith(FOLDER) for change in patch.files)
        return Compiled(state=ProgramState.NOT_RUN if foreign else ProgramState.NONE)
    results = {}
    for source in sources:
        name = source.removesuffix(".c")
        # Each build begins its log anew.
        place = logs / name.replace("/", "-")
        results[source] = build_tree_test(tree, commit, name, sink=sink, state=place)
    failed = {source: built for source, built in results.items() if not built.binaries}
    return Compiled(
        state=ProgramState.FAIL if failed else ProgramState.COMPILE,
        findings=tuple(_told(source, built, patch.number) for source, built in failed.items()),
        log=next((str(built.log) for built in failed.values()), ""),
    )


def _sources(patch: Patch, store: Repository, commit: str) -> Iterator[str]:
    """The programs among the files of a patch, relative to the folder of KVM's selftests."""
    for change in patch.files:
        if change.path.startswith(FOLDER) and change.path.endswith(".c") and change.status != "D":
            blob = store.read_blob(commit, change.path)
            if blob is not None and _MAIN.search(blob):
                yield change.path.removeprefix(FOLDER)


def _told(source: str, built: SelftestResult, patch: int) -> Finding:
    """The compiler's first error, at its place; the end of make's output where there is none."""
    output = built.log.read_bytes().decode(errors="replace") if built.log.is_file() else ""
    errors = (one for one in parse_build(output) if one.severity is Severity.ERROR)
    first = next(errors, next(iter(built.findings), None))
    place = (first.location if first else None) or Location(path=source)
    path = (
        place.path if "/selftests/" in place.path or place.path.startswith("/") else f"{FOLDER}{place.path}"
    )
    said = f": {first.message}" if first else ""
    return Finding(
        rule=PROGRAM,
        severity=Severity.ERROR,
        message=f"{source} does not compile at patch {patch}{said}",
        location=replace(place, path=path, patch=patch),
        detail=first.detail if first else "",
        hint=f"the whole log is {built.log}",
    )
