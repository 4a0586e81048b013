# SPDX-License-Identifier: GPL-2.0-only
"""Which objects of a kernel to look at for a series: those of its C files, and some users of its headers."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from kpatch_tools.flow.build import BuildResult
from kpatch_tools.tools import blame, kbuild
from kpatch_tools.tools.buildinputs import changed_inputs
from kpatch_tools.tools.git import Repository

# A header of KVM has fifty users; whatever it is wrong with shows in the first.
USERS_OF_A_HEADER = 2
MAX_WARNED = 20
UNTOUCHED = "the series changes nothing that a kernel is made of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Goals of make at the last commit, those that the base has too, and what a reader should know.

    Without goals ``reason`` says why; ``old`` then counts what the build complains of all the same.
    """

    goals: tuple[str, ...]
    at_base: tuple[str, ...]
    reason: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    old: int = 0


def touched_objects(store: Repository, base: str, head: str, built: BuildResult) -> Touched:
    """The objects of ``built``, the kernel of ``head``, that the commits after ``base`` may have changed.

    Touched C files, users of touched headers that none of these includes, and files of which the build
    itself complained: those may be old.
    """
    warned = [item.location.path for item in built.findings if item.location]
    if not changed_inputs(store, base, head):
        return Touched(goals=(), at_base=(), reason=UNTOUCHED, old=len(warned))
    known = {kbuild.source_of(goal): goal for goal in built.objects or ()}
    changed = blame.changed_files(store, base, head)
    chosen = {path for path in changed if path in known}
    for header in (path for path in changed if path.endswith(".h")):
        users = blame.includers(store, head, header, tuple(known)) if known else ()
        if not chosen.intersection(users):
            chosen.update(_nearest(header, users))
    chosen.update(sorted(set(warned) & set(known))[:MAX_WARNED])
    left = [path for path in changed if path.endswith(".c") and path not in known and not _is_test(path)]
    goals = tuple(sorted(known[path] for path in chosen))
    there = store.read_objects([f"{base}:{kbuild.source_of(goal)}" for goal in goals])
    return Touched(
        goals=goals,
        at_base=tuple(goal for goal, found in zip(goals, there, strict=True) if found),
        reason="" if goals else "the series touches no C file of this kernel",
        facts=(("not in this kernel", ", ".join(left)),) if left else (),
    )


def _is_test(path: str) -> bool:
    return path.startswith(("tools/", "samples/", "Documentation/"))


def _nearest(header: str, users: Sequence[str]) -> list[str]:
    """The users that share most of the header's folders."""
    return sorted(users, key=lambda path: (-len(os.path.commonpath([header, path])), path))[
        :USERS_OF_A_HEADER
    ]
