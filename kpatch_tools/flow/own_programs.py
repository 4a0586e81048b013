# SPDX-License-Identifier: GPL-2.0-only
"""The KVM selftests that a series adds or changes: which of its files are programs, and do they compile."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from kpatch_tools.checks.per_patch import PROGRAM
from kpatch_tools.errors import UserError
from kpatch_tools.flow.selftest import SelftestResult, build_tree_test
from kpatch_tools.model.event import Sink
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.series import FileChange
from kpatch_tools.parse.gcc import parse_build
from kpatch_tools.tools.git import Repository

SELFTESTS = "tools/testing/selftests/"
FOLDER = f"{SELFTESTS}kvm/"
_MAIN = re.compile(rb"^\s*(?:static\s+)?int\s+main\s*\(|^TEST_HARNESS_MAIN", re.MULTILINE)


def programs_of(changes: Iterable[FileChange], store: Repository, commit: str) -> tuple[str, ...]:
    """The programs among changed files that ``commit`` has, relative to the folder of KVM's selftests.

    Raises UserError for a program that would have no name.
    """
    found: dict[str, None] = {}
    for change in changes:
        if change.path.startswith(FOLDER) and change.path.endswith(".c") and change.status != "D":
            blob = store.read_blob(commit, change.path)
            if blob is not None and _MAIN.search(blob):
                # What is made of it would be called "..", and be taken for a folder.
                if not PurePosixPath(change.path).name.removesuffix(".c").strip("."):
                    raise UserError(
                        f"the series brings a program without a name, {change.path!r}",
                        cure="read the patch before anything of the series is run",
                    )
                found[change.path.removeprefix(FOLDER)] = None
    return tuple(found)


def other_selftests(changes: Iterable[FileChange]) -> tuple[str, ...]:
    """The C files of other selftests than KVM's, for which kvet knows no way."""
    paths = (change.path for change in changes if change.path.endswith(".c"))
    return tuple(
        dict.fromkeys(path for path in paths if path.startswith(SELFTESTS) and not path.startswith(FOLDER))
    )


def compile_each(
    sources: Iterable[str], commit: str, tree: Path, *, sink: Sink, logs: Path
) -> dict[str, SelftestResult]:
    """Each program of programs_of() as the Makefile of ``commit`` builds it, with a log of its own.

    Raises EnvironmentFault when a program is missing here, ToolFailed when the tree's own headers cannot be
    made.
    """
    results = {}
    for source in sources:
        name = source.removesuffix(".c")
        # Each build begins its log anew.
        place = logs / name.replace("/", "-")
        results[source] = build_tree_test(tree, commit, name, sink=sink, state=place)
    return results


def in_tree(path: str) -> str:
    """A path as make's compiler names it, from the folder of KVM's selftests, as one of the tree."""
    return path if "/selftests/" in path or path.startswith("/") else f"{FOLDER}{path}"


def failure(source: str, built: SelftestResult, patch: int) -> Finding:
    """The compiler's first error, at its place; the end of make's output where there is none."""
    output = built.log.read_bytes().decode(errors="replace") if built.log.is_file() else ""
    errors = (one for one in parse_build(output) if one.severity is Severity.ERROR)
    first = next(errors, next(iter(built.findings), None))
    place = (first.location if first else None) or Location(path=source)
    said = f": {first.message}" if first else ""
    return Finding(
        rule=PROGRAM,
        severity=Severity.ERROR,
        message=f"{source} does not compile at patch {patch}{said}",
        location=replace(place, path=in_tree(place.path), patch=patch),
        detail=first.detail if first else "",
        hint=f"the whole log is {built.log}",
    )
