# SPDX-License-Identifier: GPL-2.0-only
"""A stream for `git fast-import` that makes a line of commits, and the reading of its answer.

The form is that of git-fast-import(1). All trees and commits of a series are stored by one process, which
names them itself. The branch that the stream needs is taken back at its end: no ref is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpatch_tools.errors import ToolFailed
from kpatch_tools.parse.gittree import Entry

BRANCH = "refs/heads/kvet-import"
_TREE = "040000 tree "


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommit:
    """A commit to make: its idents as a commit holds them, and what it changes (None: the path goes)."""

    author: str
    committer: str
    message: bytes
    changes: Mapping[str, Entry | None]


def stream(base: str, commits: Sequence[NewCommit], branch: str = BRANCH) -> bytes:
    """The stream that makes ``commits`` one on the other on top of ``base``, and asks for their names.

    ``branch`` must be nobody else's at the same time. The answer is for read_answer().
    """
    parts: list[bytes] = []
    for number, commit in enumerate(commits, 1):
        parts.append(
            f"commit {branch}\nmark :{number}\nauthor {commit.author}\ncommitter {commit.committer}\n"
            f"data {len(commit.message)}\n".encode()
        )
        parts += [commit.message, b"\n"]
        if number == 1:
            parts.append(f"from {base}\n".encode())
        # What goes first makes room for a folder in place of a file, and the other way round.
        for path, entry in sorted(commit.changes.items(), key=lambda item: item[1] is not None):
            parts += [f"M {entry.mode} {entry.id} ".encode() if entry else b"D ", _quoted(path), b"\n"]
        parts.append(f"\nget-mark :{number}\n".encode())
    parts.append(f'ls :{len(commits)} ""\nreset {branch}\nfrom {"0" * len(base)}\n\n'.encode())
    return b"".join(parts)


def read_answer(answer: str, count: int) -> tuple[tuple[str, ...], str]:
    """The ids of the commits in order, and that of the last one's tree, "" for one without any file.

    Raises ToolFailed when the answer names another number of commits.
    """
    *names, tree = answer.splitlines() or [""]
    if len(names) != count:
        raise ToolFailed(f"git fast-import named {len(names)} commits of {count}", tail=answer[-300:])
    return tuple(names), tree.removeprefix(_TREE).strip() if tree.startswith(_TREE) else ""


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    if not raw.startswith(b'"') and b"\n" not in raw:
        return raw
    for special, escaped in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
        raw = raw.replace(special, escaped)
    return b'"' + raw + b'"'
