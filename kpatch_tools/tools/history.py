# SPDX-License-Identifier: GPL-2.0-only
"""Questions to a repository's history, each bounded in time; no answer is an answer.

A partial clone is not asked about contents: git would fetch them one by one from the network.
"""

from dataclasses import dataclass

from kpatch_tools.tools.git import Repository

SEARCH_TIMEOUT_S = 10.0
WALK_TIMEOUT_S = 30.0
MAX_REFS = 200
MAX_COMMITS = 400
_SHOWN = "--format=%h %an, %as: %s"
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-show-signature", "--no-notes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A ref and the commit it stands for."""

    name: str
    commit: str


def who_removed(repository: Repository, commit: str, path: str, line: str) -> str:
    """The newest commit up to ``commit`` after which ``path`` holds ``line`` fewer times than before.

    As "abbreviated-id author, date: subject"; "" when history does not say or the search takes too long.
    git log -S also names a commit that adds the line; the caller knows that the line is not there now.
    """
    if _is_partial(repository):
        return ""
    return _one(repository, "log", "-1", f"-S{line}", "--no-merges", commit, "--", path)


def last_change(repository: Repository, commit: str, path: str, kinds: str) -> str:
    """The newest commit up to ``commit`` that changed ``path`` in one of ``kinds`` (git's letters)."""
    return _one(repository, "log", "-1", f"--diff-filter={kinds}", "--no-renames", commit, "--", path)


def named_commits(repository: Repository, *folders: str) -> list[Named]:
    """Refs below ``folders`` (refs/heads, ...), newest commit first, at most MAX_REFS; tags peeled."""
    listed = repository.run(
        "for-each-ref", "--sort=-creatordate", f"--count={MAX_REFS}",
        "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname:short)", *folders,
    )  # fmt: skip
    found = []
    for row in listed.stdout.decode("utf-8", "replace").splitlines():
        kind, name, *rest = row.split(" ")
        peeled, target, label = rest[0], rest[1], " ".join(rest[2:])
        if kind == "commit" or peeled == "commit":
            found.append(Named(name=label, commit=name if kind == "commit" else target))
    return found


def commits_touching(repository: Repository, paths: list[str], since: str) -> list[str]:
    """Commits of HEAD and all branches that changed one of ``paths`` since that date, newest first."""
    walked = repository.run(
        "rev-list", f"--max-count={MAX_COMMITS}", *((f"--since={since}",) if since else ()),
        "HEAD", "--branches", "--remotes", "--", *paths,
        timeout=WALK_TIMEOUT_S,
    )  # fmt: skip
    return walked.text.split()


def blobs_at(repository: Repository, commits: list[str], paths: list[str]) -> dict[str, dict[str, str]]:
    """For each commit the blob id of each path, "" where it has none."""
    names = [f"{commit}:{path}" for commit in commits for path in paths]
    request = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
    answer = repository.ask("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=request)
    rows = answer.stdout.decode("utf-8", "replace").splitlines()
    ids = [row.split(" ")[0] if row.endswith(" blob") else "" for row in rows]
    size = len(paths)
    return {
        commit: dict(zip(paths, ids[at * size : (at + 1) * size], strict=True))
        for at, commit in enumerate(commits)
    }


def patch_ids(repository: Repository, *revisions: str) -> dict[str, str]:
    """Patch id (stable) to commit, of the newest MAX_COMMITS commits of ``revisions`` that are no merges."""
    shown = repository.run(
        "log", "-p", "--no-merges", f"--max-count={MAX_COMMITS}", "--full-index", *_PLAIN, "--src-prefix=a/",
        "--dst-prefix=b/", "--no-renames", *revisions, "--",
        timeout=WALK_TIMEOUT_S,
    )  # fmt: skip
    if not shown.stdout:
        return {}
    return _pairs(repository, shown.stdout)


def patch_id(repository: Repository, diff: bytes) -> str:
    """The stable patch id of one diff, as `git format-patch --base` records prerequisites; "" for none."""
    return next(iter(_pairs(repository, diff)), "")


def _pairs(repository: Repository, text: bytes) -> dict[str, str]:
    rows = repository.run("patch-id", "--stable", stdin=text).text.splitlines()
    return {name: commit for name, _, commit in (row.partition(" ") for row in rows) if name}


def _one(repository: Repository, *args: str) -> str:
    found = repository.run(args[0], _SHOWN, *_PLAIN, *args[1:], timeout=SEARCH_TIMEOUT_S)
    return found.text.strip() if found.ok else ""


def _is_partial(repository: Repository) -> bool:
    return any((repository.objects / "pack").glob("*.promisor"))
