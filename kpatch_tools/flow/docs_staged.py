# SPDX-License-Identifier: GPL-2.0-only
"""What is staged of a document, asked of git in few steps: an index of 80,000 files takes a while to read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kpatch_tools.parse.kernelfacts_paths import ROOTS, concerns
from kpatch_tools.tools.git import Repository

_GONE = "000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A document at a commit (None: it has none) and in the index.

    ``same_code`` is set when all that kernel facts come from is in the index as it is in the commit.
    """

    before: bytes | None
    content: bytes
    same_code: bool


def read_staged(repository: Repository, commit: str, name: str, env: Mapping[str, str]) -> Staged | None:
    """A document as it is staged against a commit; ``env`` may name another index (GIT_INDEX_FILE).

    None when nothing of this name is staged, or not in a plain way (a conflict).
    """
    question = ("diff-index", "--cached", "--raw", "-z", "--no-renames", "--abbrev=64", commit, "--")
    shown = repository.run(*question, *ROOTS, name, env=env)
    if not shown.ok:
        return None
    changed = dict(_entries(shown.stdout))
    mode, blob = changed.get(name, ("", f"{commit}:{name}"))
    if mode == _GONE:
        return None
    before, after = repository.read_objects([f"{commit}:{name}", blob])
    if after is None or after.kind != "blob":
        return None
    return Staged(
        before=before.data if before and before.kind == "blob" else None,
        content=after.data,
        same_code=not any(concerns(path) for path in changed),
    )


def _entries(raw: bytes) -> Iterator[tuple[str, tuple[str, str]]]:
    # ":100644 100644 OLD NEW M", NUL, path, NUL (git-diff-index, "raw output format").
    words = raw.split(b"\0")
    for about, path in zip(words[0::2], words[1::2], strict=False):
        _old_mode, mode, _old, new, status = about.decode("ascii", "replace").split(" ")
        plain = status in {"A", "M", "T"} and new.strip("0")
        yield path.decode("utf-8", "surrogateescape"), (mode if plain else _GONE, new)
