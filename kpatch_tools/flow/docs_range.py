# SPDX-License-Identifier: GPL-2.0-only
"""Two commits to compare documents of, as git writes them (A..B, A...B) or as pre-commit tells a hook."""

from collections.abc import Mapping
from dataclasses import dataclass

from kpatch_tools.tools.git import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What ``head`` adds to ``base``: two commit ids, in words, and a remark where that was not asked for."""

    base: str
    head: str
    what: str
    remark: str = ""


def is_range(ref: str) -> bool:
    """Whether REF names two commits: no name of one holds two dots in a row (git-check-ref-format)."""
    return ".." in ref


def read_range(repository: Repository, ref: str) -> Range:
    """The commits of "A..B" (B against A) or "A...B" (B against where it left A); an empty side is HEAD.

    Where A and B have no common ancestor, as in a shallow clone, "A...B" is B against A, with a remark.
    Raises UserError for a side that names no commit.
    """
    dots = "..." if "..." in ref else ".."
    old, new = (side or "HEAD" for side in ref.split(dots, 1))
    base, head = repository.resolve(old), repository.resolve(new)
    remark = ""
    if dots == "...":
        found = repository.run("merge-base", base, head)
        if found.ok:
            base = found.text.strip()
        else:
            remark = f"{old} and {new} have no common ancestor here: compared with {old} itself"
    what = f"what {new} ({head[:12]}) adds to {old} ({base[:12]})"
    return Range(base=base, head=head, what=what, remark=remark)


def asked_by_hook(environment: Mapping[str, str]) -> str:
    """The range that pre-commit was asked about, "" when it is about what is staged.

    pre-commit gives the files that differ in FROM...TO and names both to its hooks (run.py, git.py of
    pre-commit 4): with --from-ref and --to-ref, and before a push.
    """
    old, new = environment.get("PRE_COMMIT_FROM_REF", ""), environment.get("PRE_COMMIT_TO_REF", "")
    return f"{old}...{new}" if old and new else ""
